// SPDX-License-Identifier: Apache-2.0
#include "typed/form_formats.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/text.hpp"

namespace longhaul::detail {
namespace {

bool is_beyond_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

// Takes exactly `count` digits from the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_number(std::string_view& text, int least, int greatest) {
  const auto value = take_digits(text, 2);
  return value && *value >= least && *value <= greatest;
}

bool take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return false;
  const auto month = take_digits(text, 2);
  if (!month || *month < 1 || *month > 12 || !take(text, "-")) return false;
  const bool leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return take_number(text, 1,
                     *month == 2 && leap ? 29 : days[static_cast<std::size_t>(*month - 1)]);
}

// Parts of letters, digits and hyphens, none of them at an end of its part.
bool is_domain(std::string_view text) {
  if (text.size() > 255) return false;
  while (true) {
    const std::string_view part = text.substr(0, text.find('.'));
    const bool fits = !part.empty() && part.size() <= 63 && part.front() != '-' &&
                      part.back() != '-' && std::ranges::all_of(part, [](char c) {
                        return is_letter(c) || is_digit(c) || c == '-' || is_beyond_ascii(c);
                      });
    if (!fits) return false;
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

bool is_address_literal(std::string_view text) {
  return text.size() > 2 && text.starts_with('[') && text.ends_with(']') &&
         std::ranges::all_of(text.substr(1, text.size() - 2), [](char c) {
           return c > ' ' && c < '\x7F' && c != '[' && c != ']' && c != '\\';
         });
}

bool is_quoted_local(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' || (text[i] >= 0 && text[i] < ' ') || text[i] == '\x7F') return false;
    if (text[i] != '\\') continue;
    ++i;  // what is quoted
    if (i == text.size()) return false;
  }
  return true;
}

bool is_dotted_local(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-/=?^_`{|}~.";
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos && std::ranges::all_of(text, [&](char c) {
           return is_letter(c) || is_digit(c) || is_beyond_ascii(c) ||
                  marks.find(c) != std::string_view::npos;
         });
}

}  // namespace

bool is_date(std::string_view text) { return take_date(text) && text.empty(); }

bool is_date_time(std::string_view text) {
  if (!take_date(text) || !take(text, "Tt")) return false;
  if (!take_number(text, 0, 23) || !take(text, ":")) return false;
  if (!take_number(text, 0, 59) || !take(text, ":") || !take_number(text, 0, 60)) return false;
  if (take(text, ".")) {
    const auto digits =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
    if (digits == 0) return false;
    text.remove_prefix(digits);
  }
  if (take(text, "Zz")) return text.empty();
  return take(text, "+-") && take_number(text, 0, 23) && take(text, ":") &&
         take_number(text, 0, 59) && text.empty();
}

bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  return local.size() <= 64 && (is_dotted_local(local) || is_quoted_local(local)) &&
         (is_domain(domain) || is_address_literal(domain));
}

bool is_absolute_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const auto in_scheme = [&](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  constexpr std::string_view forbidden = "\"<>\\^`{|}";
  const auto is_hex = [](char c) { return is_hex_digit(c); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= ' ' || c >= '\x7F' || forbidden.find(c) != std::string_view::npos) return false;
    if (c == '%' && !(i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]))) {
      return false;
    }
  }
  return is_letter(text.front()) && std::ranges::all_of(text.substr(0, colon), in_scheme);
}

}  // namespace longhaul::detail
