// SPDX-License-Identifier: Apache-2.0
// The monotonic time of a store file. The machine's own begins again at every boot, but limits and
// retentions in the file go on: store time is the machine's plus an offset, which is chosen anew
// after a boot, by the wall clock, so that what has passed meanwhile counts.
//
// Threads: `now` any; `save` the writer's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock_arithmetic.hpp"
#include "longhaul/stores/transitions.hpp"
#include "sqlite/connection.hpp"

namespace longhaul::sqlite {

class timeline {
 public:
  /// `boot` names this boot of the machine.
  timeline(connection& file, const clock_source& clock, std::string boot);

  stores::instant now() const {
    return {clock_.now(), saturating_add(clock_.monotonic(), offset_)};
  }
  /// When the process that wrote the file before us was last heard of; now, if there was none.
  monotonic_time last_heard() const noexcept { return last_heard_; }

  /// True if the last `save` is so long ago that the next transaction should save again.
  bool due() const;
  /// True if somebody has set the wall clock since the last `save`: a boot would take it for time.
  bool skewed() const;
  /// Within a transaction.
  void save(connection& file);

 private:
  const clock_source& clock_;
  const std::string boot_;
  milliseconds offset_{0};
  monotonic_time last_heard_{};
  milliseconds saved_skew_{0};  ///< of the wall clock against store time
  monotonic_time saved_ = monotonic_time::min();
};

/// The clock row of a file.
struct clock_row {
  milliseconds offset{0};
  monotonic_time mono{};
  timestamp wall{};
  std::string boot;
};
/// Null: it is damaged.
std::optional<clock_row> parse_clock(std::string_view text);

/// The kernel's name for this boot; empty if it does not tell.
std::string machine_boot();

}  // namespace longhaul::sqlite
