// SPDX-License-Identifier: Apache-2.0
// The store's time: that of the database, which is the same for every process, whatever its own
// clocks say. Between two looks (each renewal of a lease is one) it goes on with the machine's
// monotonic clock. What people read and what limits are measured by are one and the same number.
//
// Threads: any.
#pragma once

#include <atomic>

#include "longhaul/stores/values.hpp"

namespace longhaul::postgres {

class store_clock {
 public:
  explicit store_clock(const clock_source& own) : own_(own) {}

  stores::instant now() const {
    const milliseconds since = own_.monotonic().time_since_epoch() + milliseconds(offset_.load());
    return {timestamp(since), monotonic_time(since)};
  }
  monotonic_time own() const { return own_.monotonic(); }
  /// The database said `theirs` between the two instants of our own clock. Taken over if it is
  /// further from what we believed than what the way may have cost.
  void compare(milliseconds theirs, monotonic_time asked, monotonic_time answered) {
    const milliseconds way = answered - asked, middle = asked.time_since_epoch() + way / 2;
    const milliseconds offset = theirs - middle;
    const milliseconds off = offset - milliseconds(offset_.load());
    const milliseconds doubt = way / 2 + milliseconds(1);
    const bool first = !compared_.exchange(true);
    if (first || off > doubt || off < -doubt) offset_ = offset.count();
    const milliseconds jump = doubt + milliseconds(1000);
    if (!first && (off > jump || off < -jump)) jumped_ = answered.time_since_epoch().count();
  }
  /// Somebody has set the database's clock, or ours stood still, less than so long ago.
  bool jumped_within(milliseconds length) const {
    const milliseconds since = own_.monotonic().time_since_epoch() - milliseconds(jumped_.load());
    return jumped_.load() != 0 && since < length;
  }

 private:
  const clock_source& own_;
  std::atomic<milliseconds::rep> offset_{0};
  std::atomic<bool> compared_{false};
  std::atomic<milliseconds::rep> jumped_{0};  // when we saw it; 0: never
};

}  // namespace longhaul::postgres
