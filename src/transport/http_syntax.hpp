// SPDX-License-Identifier: Apache-2.0
// What HTTP/1.1 allows where (RFC 9110 §5.5, §5.6; RFC 9112), byte by byte. Pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace longhaul::transport {

namespace syntax {

constexpr std::array<bool, 256> table(std::string_view more, bool all_text) {
  std::array<bool, 256> result{};
  for (unsigned c = 0x21; c < 0x7F; ++c) {
    const bool letter_or_digit =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    result[c] = all_text || letter_or_digit;
  }
  for (unsigned c = 0x80; c < 0x100; ++c) result[c] = all_text;
  for (const char c : more) result[static_cast<unsigned char>(c)] = true;
  return result;
}

inline constexpr auto token_chars = table("!#$%&'*+-.^_`|~", false);
inline constexpr auto target_chars = table("", true);
inline constexpr auto field_chars = table(" \t", true);

}  // namespace syntax

/// A character of a token: methods, names of headers.
constexpr bool is_token_char(char c) noexcept {
  return syntax::token_chars[static_cast<unsigned char>(c)];
}
/// What may stand in a request's target; bytes above ASCII are taken for what they are.
constexpr bool is_target_char(char c) noexcept {
  return syntax::target_chars[static_cast<unsigned char>(c)];
}
/// What may stand in a header's value: no CR, LF, NUL or other control character.
constexpr bool is_field_char(char c) noexcept {
  return syntax::field_chars[static_cast<unsigned char>(c)];
}
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

template <bool (*Allowed)(char) noexcept>
constexpr bool all_are(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), Allowed);
}
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && all_are<is_token_char>(text);
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
/// `lower_case` is in lower case already.
constexpr bool same_name(std::string_view a, std::string_view lower_case) noexcept {
  return a.size() == lower_case.size() && std::equal(a.begin(), a.end(), lower_case.begin(),
                                                     [](char x, char y) { return lower(x) == y; });
}

constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Calls `visit` with each element of a comma-separated list, without white space; empty ones, too.
template <class Visit>
constexpr void each_element(std::string_view list, const Visit& visit) {
  while (true) {
    const std::size_t comma = list.find(',');
    visit(trimmed(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace longhaul::transport
