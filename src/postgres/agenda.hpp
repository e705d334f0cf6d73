// SPDX-License-Identifier: Apache-2.0
// When there may next be something to do for the upkeep and for claims, so that an idle process
// asks the database for nothing: our own changes say it at once, those of others the pulse, a
// second later at most.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/mutex.hpp"
#include "longhaul/stores/deadlines.hpp"
#include "longhaul/stores/transitions.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {

/// The earliest of many instants; `max()`: there is none.
class earliest {
 public:
  bool is_over(monotonic_time now) const {
    const guard lock(mutex_);
    return at_ <= now;
  }
  void add(monotonic_time at) {
    const guard lock(mutex_);
    at_ = std::min(at_, at);
    ++additions_;
  }
  /// For `set`: before whoever reads what there is begins to read.
  std::uint64_t additions() const {
    const guard lock(mutex_);
    return additions_;
  }
  /// What was read. What was added meanwhile may not be in it.
  void set(monotonic_time at, std::uint64_t before) {
    const guard lock(mutex_);
    at_ = additions_ == before ? at : std::min(at_, at);
  }

 private:
  mutable guarded_mutex mutex_;
  // At first nothing is known.
  monotonic_time at_ LONGHAUL_GUARDED_BY(mutex_) = monotonic_time::min();
  std::uint64_t additions_ LONGHAUL_GUARDED_BY(mutex_) = 0;
};

struct agenda {
  earliest limits;    ///< of a task passes
  earliest removals;  ///< something is to be removed
  earliest starts;    ///< a task that waits may begin

  void add(const task_record& task) {
    if (const auto limit = stores::limit_due(task)) limits.add(limit->at);
    if (const auto due = stores::next_due(task, tunables::hidden_result_kept)) removals.add(*due);
    if (stores::claimable(task)) starts.add(task.run_at);
    // One that ends may have kept others with its key from beginning.
    if (task.origin->concurrency_key && !task.process) starts.add(monotonic_time::min());
  }
};

}  // namespace longhaul::postgres
