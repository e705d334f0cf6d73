// SPDX-License-Identifier: Apache-2.0
#include "protocol/header_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.hpp"
#include "protocol/base64.hpp"

namespace longhaul::protocol {
namespace {

constexpr std::string_view prefix = "=?base64?";
constexpr std::string_view suffix = "?=";

bool is_field_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0x20 && c <= 0x7E) || c == '\t'; });
}

template <class Number>
std::optional<Number> number_of(std::string_view text) noexcept {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

bool same_number(std::string_view a, std::string_view b) noexcept {
  // Integers first: a double does not tell 2^53 from 2^53 + 1.
  if (a == b) return number_of<double>(a) || number_of<std::int64_t>(a);
  const auto a_integer = number_of<std::int64_t>(a), b_integer = number_of<std::int64_t>(b);
  if (a_integer && b_integer) return *a_integer == *b_integer;
  const auto a_number = number_of<double>(a), b_number = number_of<double>(b);
  return a_number && b_number && *a_number == *b_number;
}

}  // namespace

std::optional<std::string> decode_header_value(std::string_view value) {
  value = trimmed(value);
  if (!is_field_text(value)) return std::nullopt;
  if (value.size() < prefix.size() + suffix.size() || !value.starts_with(prefix) ||
      !value.ends_with(suffix)) {
    return std::string(value);
  }
  return base64_decode(value.substr(prefix.size(), value.size() - prefix.size() - suffix.size()));
}

bool same_value(std::string_view header, json::value body) {
  switch (body.type()) {
    case json::kind::string:
      return body.equals(header);
    case json::kind::number:
      return same_number(header, body.raw());
    case json::kind::boolean:
      return header == body.raw();
    default:
      return false;
  }
}

}  // namespace longhaul::protocol
