// SPDX-License-Identifier: Apache-2.0
// Time arithmetic that stops at the ends instead of wrapping: limits and retentions come from
// configuration and callers, who may say "the largest number there is".
#pragma once

#include <limits>

#include "longhaul/clock.hpp"

namespace longhaul {

constexpr milliseconds saturating_add(milliseconds a, milliseconds b) noexcept {
  using limits = std::numeric_limits<milliseconds::rep>;
  milliseconds::rep sum = 0;
  if (!__builtin_add_overflow(a.count(), b.count(), &sum)) return milliseconds(sum);
  return milliseconds(b.count() > 0 ? limits::max() : limits::min());
}

template <class Clock>
constexpr std::chrono::time_point<Clock, milliseconds> saturating_add(
    std::chrono::time_point<Clock, milliseconds> time, milliseconds length) noexcept {
  return std::chrono::time_point<Clock, milliseconds>(
      saturating_add(time.time_since_epoch(), length));
}

/// `to − from`, never negative: clocks of two machines or two boots may disagree.
template <class Clock>
constexpr milliseconds elapsed(std::chrono::time_point<Clock, milliseconds> from,
                               std::chrono::time_point<Clock, milliseconds> to) noexcept {
  if (to <= from) return milliseconds(0);
  milliseconds::rep difference = 0;
  if (__builtin_sub_overflow(to.time_since_epoch().count(), from.time_since_epoch().count(),
                             &difference)) {
    return milliseconds::max();
  }
  return milliseconds(difference);
}

}  // namespace longhaul
