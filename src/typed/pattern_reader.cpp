// SPDX-License-Identifier: Apache-2.0
#include "typed/pattern_reader.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "typed/pattern_refusals.hpp"

namespace longhaul::detail {
namespace {

// What may stand behind a backslash to be meant itself.
constexpr std::string_view syntax_characters = "^$\\.*+?()[]{}|/";

std::optional<char32_t> hex(std::string_view digits) {
  char32_t value = 0;
  for (const char c : digits) {
    if (!is_hex_digit(c)) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
  }
  return value;
}

}  // namespace

std::string_view pattern_reader::take(std::size_t bytes) {
  const std::string_view taken = rest_.substr(0, bytes);
  rest_.remove_prefix(taken.size());
  return taken;
}

char32_t pattern_reader::character() {
  const std::string_view bytes = take(bytes_of_character(rest_.front()));
  if (bytes.size() == 1) return static_cast<unsigned char>(bytes.front());
  auto c = static_cast<char32_t>(static_cast<unsigned char>(bytes.front()) &
                                 (0xFFU >> (bytes.size() + 1)));
  for (const char more : bytes.substr(1)) {
    c = (c << 6) | (static_cast<unsigned char>(more) & 0x3FU);
  }
  return c;
}

char pattern_reader::set_escape() const {
  if (!next_is('\\') || rest_.size() < 2) return '\0';
  constexpr std::string_view sets = "dDwWsS";
  return sets.find(rest_[1]) != std::string_view::npos ? rest_[1] : '\0';
}

char32_t pattern_reader::character_escape(bool in_class) {
  if (rest_.size() < 2) throw pattern_fault{"ends with a lone backslash"};
  const char c = rest_[1];
  switch (c) {
    case 't':
      return take(2), U'\t';
    case 'n':
      return take(2), U'\n';
    case 'v':
      return take(2), U'\v';
    case 'f':
      return take(2), U'\f';
    case 'r':
      return take(2), U'\r';
    case 'x':
      return numbered(2, "\\x");
    case 'u':
      return numbered(4, "\\u");
    default:
      break;
  }
  const bool itself = syntax_characters.find(c) != std::string_view::npos;
  if (itself || (in_class && c == '-')) {
    take(2);
    return static_cast<unsigned char>(c);
  }
  refuse_escape(rest_, in_class);
}

char32_t pattern_reader::numbered(std::size_t digits, const std::string& begin) {
  if (next_is('{', 2)) {
    const std::size_t end = std::min(rest_.find('}'), rest_.size() - 1);
    refuse(rest_.substr(0, end + 1),
           "write the character itself, or \\u and four hexadecimal "
           "digits");
  }
  const std::string_view given = rest_.substr(2, digits);
  const auto value = given.size() == digits ? hex(given) : std::nullopt;
  if (!value) {
    refuse(begin,
           "write " + std::string(digits == 2 ? "two" : "four") + " hexadecimal digits behind it");
  }
  if (*value >= 0xD800 && *value <= 0xDFFF) {
    refuse(rest_.substr(0, 2 + digits), "half a character; write the character itself");
  }
  take(2 + digits);
  return *value;
}

}  // namespace longhaul::detail
