// SPDX-License-Identifier: Apache-2.0
#include "json/canonical_number.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "json/tunables.hpp"

namespace longhaul::json {
namespace {

// The exponent of a token: a sign, and digits without leading zeros.
struct exponent {
  bool negative = false;
  std::string_view digits;

  explicit exponent(std::string_view text) : negative(text.starts_with('-')) {
    digits = text.substr(std::min(text.find_first_of("123456789"), text.size()));
  }

  /// Null: it has more digits than an integer surely holds.
  std::optional<std::int64_t> integer() const {
    if (digits.size() > 18) return std::nullopt;
    std::int64_t result = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), result);
    return negative ? -result : result;
  }
};

// The sum of both as digits. Requires: `large` is further from 0 than `small`.
std::string sum(const exponent& large, std::int64_t small) {
  std::string digits(large.digits);
  std::int64_t carry = large.negative ? -small : small;
  for (std::size_t i = digits.size(); i-- > 0 && carry != 0;) {
    carry += digits[i] - '0';
    const std::int64_t digit = (carry % 10 + 10) % 10;
    digits[i] = static_cast<char>('0' + digit);
    carry = (carry - digit) / 10;
  }
  if (carry != 0) digits.insert(0, 1, static_cast<char>('0' + carry));
  digits.erase(0, digits.find_first_not_of('0'));
  return (large.negative ? "-" : "") + digits;
}

// `power`: of ten, at the first digit.
void append_plain(std::string& out, std::string_view digits, std::int64_t power) {
  if (power < 0) {
    out.append("0.").append(static_cast<std::size_t>(-power) - 1, '0').append(digits);
    return;
  }
  const std::size_t whole = static_cast<std::size_t>(power) + 1;
  out.append(digits.substr(0, whole));
  if (digits.size() <= whole) {
    out.append(whole - digits.size(), '0');
  } else {
    out.append(".").append(digits.substr(whole));
  }
}

void append_scientific(std::string& out, std::string_view digits, std::string_view power) {
  out += digits.front();
  if (digits.size() > 1) out.append(".").append(digits.substr(1));
  out.append("e").append(power);
}

}  // namespace

void append_canonical_number(std::string& out, std::string_view token) {
  const bool negative = token.starts_with('-');
  token.remove_prefix(negative ? 1 : 0);
  const std::size_t mark = std::min(token.find_first_of("eE"), token.size());
  const exponent given(token.substr(std::min(mark + 1, token.size())));
  const std::string_view mantissa = token.substr(0, mark);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  digits += mantissa.substr(std::min(point + 1, mantissa.size()));
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) {
    out += '0';
    return;
  }
  if (negative) out += '-';
  const std::string_view telling =
      std::string_view(digits).substr(first, digits.find_last_not_of('0') + 1 - first);
  // What the first digit stands for, but for the exponent.
  const std::int64_t place =
      static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) - 1;
  const auto small = given.integer();
  if (!small) return append_scientific(out, telling, sum(given, place));
  const std::int64_t power = *small + place;
  if (power >= -tunables::most_plain_zeros && power < tunables::most_plain_digits) {
    append_plain(out, telling, power);
  } else {
    append_scientific(out, telling, std::to_string(power));
  }
}

}  // namespace longhaul::json
