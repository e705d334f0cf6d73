// SPDX-License-Identifier: Apache-2.0
// What HTTP/1.1 allows where (RFC 9110 §5.5, §5.6; RFC 9112), byte by byte. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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

constexpr std::array<char, 256> lower_table() {
  std::array<char, 256> result{};
  for (unsigned c = 0; c < 256; ++c) {
    result[c] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return result;
}

inline constexpr auto lower_case = lower_table();
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

constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}
constexpr bool is_target(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_target_char(c)) return false;
  }
  return !text.empty();
}
/// Eight bytes at a time: nearly every byte of a head goes through here.
inline bool is_field_value(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101, highs = ones * 0x80;
  const auto all_fit = [](std::string_view part) {
    for (const char c : part) {
      if (!is_field_char(c)) return false;
    }
    return true;
  };
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    // Not zero if a byte is below 0x20 or 0x7F; sometimes else, too.
    const std::uint64_t control = (bytes - ones * 0x20) & ~bytes & highs;
    const std::uint64_t from_delete = bytes ^ (ones * 0x7F);
    const std::uint64_t deleted = (from_delete - ones) & ~from_delete & highs;
    if ((control | deleted) != 0 && !all_fit(text.substr(0, sizeof bytes))) return false;
    text.remove_prefix(sizeof bytes);
  }
  return all_fit(text);
}

constexpr char lower(char c) noexcept { return syntax::lower_case[static_cast<unsigned char>(c)]; }
/// `lower_case` is in lower case already.
constexpr bool same_name(std::string_view a, std::string_view lower_case) noexcept {
  if (a.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower_case[i]) return false;
  }
  return true;
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
