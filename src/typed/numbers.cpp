// SPDX-License-Identifier: Apache-2.0
#include "typed/numbers.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <system_error>

#include "json/write.hpp"

namespace longhaul::detail {

long double whole_number::value() const noexcept {
  const auto size = static_cast<long double>(magnitude);
  return negative ? -size : size;
}

std::optional<whole_number> read_whole_number(json::value v) {
  if (!v.is(json::kind::number)) return std::nullopt;
  std::string_view digits = v.raw();
  whole_number result;
  result.negative = digits.starts_with('-');
  if (result.negative) digits.remove_prefix(1);
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, result.magnitude);
  if (error == std::errc() && stop == end) return result;
  const double number = std::fabs(v.number().value_or(first_skipping_double));
  if (number >= first_skipping_double || std::trunc(number) != number) return std::nullopt;
  result.magnitude = static_cast<std::uint64_t>(number);
  return result;
}

bool is_integer_of_64_bits(json::value v) {
  constexpr std::uint64_t least = std::uint64_t{1} << 63;
  const auto whole = read_whole_number(v);
  return whole && (!whole->negative || whole->magnitude <= least);
}

long double read_number(json::value v) {
  if (const auto whole = read_whole_number(v)) return whole->value();
  return v.number().value_or(0);
}

void append_finite(std::string& out, double number) {
  if (!std::isfinite(number)) {
    throw std::invalid_argument("to_json: NaN and infinities are not JSON");
  }
  json::append_number(out, number);
}

void append_bound(std::string& out, long double bound) {
  const bool integer = std::trunc(bound) == bound && bound >= -0x1p63L && bound < 0x1p64L;
  if (!integer) {
    json::append_number(out, static_cast<double>(bound));
  } else if (bound >= 0) {
    out += std::to_string(static_cast<std::uint64_t>(bound));
  } else {
    out += std::to_string(static_cast<std::int64_t>(bound));
  }
}

std::string bound_text(long double bound) {
  std::string text;
  append_bound(text, bound);
  return text;
}

}  // namespace longhaul::detail
