// SPDX-License-Identifier: Apache-2.0
// UTF-8 by its bytes. Pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace longhaul {

/// What some programs write before a text, and nobody means.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// A byte that goes on with a character, and begins none.
constexpr bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Bytes of the character that begins so.
constexpr std::size_t bytes_of_character(char first) noexcept {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// Characters of a valid text.
constexpr std::size_t count_characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

/// The first `limit` bytes of a valid text or fewer, so that no character is cut in two.
constexpr std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  while (limit > 0 && is_continuation(text[limit])) --limit;
  return text.substr(0, limit);
}

}  // namespace longhaul
