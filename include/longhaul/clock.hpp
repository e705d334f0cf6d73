// SPDX-License-Identifier: Apache-2.0
// Time as the engine and its stores see it: a wall clock for what people read (timestamps) and a
// monotonic one for what must not move with it (limits, leases, retention). Both are passed in, so
// that a test owns them.
#pragma once

#include <chrono>
#include <string>

namespace longhaul {

using milliseconds = std::chrono::milliseconds;

/// Wall-clock time, UTC, in milliseconds.
using timestamp = std::chrono::sys_time<milliseconds>;

/// Milliseconds on a clock that never jumps, from an arbitrary origin.
struct monotonic_clock_tag {
  using duration = milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<monotonic_clock_tag, duration>;
  static constexpr bool is_steady = true;
};
using monotonic_time = monotonic_clock_tag::time_point;

/// A source of time. Implementations are thread-safe.
class clock_source {
 public:
  virtual ~clock_source() = default;
  virtual timestamp now() const = 0;
  /// Counts while the machine sleeps (`CLOCK_BOOTTIME`).
  virtual monotonic_time monotonic() const = 0;
};

/// The machine's own clocks; one object for the whole process.
const clock_source& system_clock();

/// `YYYY-MM-DDTHH:MM:SS.mmmZ`, the form of every timestamp on the wire.
std::string iso8601(timestamp time);

}  // namespace longhaul
