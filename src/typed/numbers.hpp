// SPDX-License-Identifier: Apache-2.0
// The numbers of JSON as C++ has them, and back: integers of 64 bits exactly, everything else as a
// double. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/view.hpp"

namespace longhaul::detail {

/// Doubles below this hold every integer; from here on they skip some.
inline constexpr double first_skipping_double = 9007199254740992.0;

struct whole_number {
  bool negative = false;
  std::uint64_t magnitude = 0;

  long double value() const noexcept;
};

/// An integer, also one written with a fraction of zero or an exponent. Digits beyond 64 bits are
/// none that a program could use.
std::optional<whole_number> read_whole_number(json::value v);
/// The same, and it fits 64 bits: with its sign if it is negative, else without one.
bool is_integer_of_64_bits(json::value v);
/// A number; 0 for what is none.
long double read_number(json::value v);

/// Throws `std::invalid_argument` for what JSON has no number for.
void append_finite(std::string& out, double number);
/// A bound or a choice: an integer if it is one.
void append_bound(std::string& out, long double bound);
std::string bound_text(long double bound);

}  // namespace longhaul::detail
