// SPDX-License-Identifier: Apache-2.0
// Runs with a concurrency key whose handlers are here and have not returned. `running` has the
// newest run of a task; one before it may be at work still, and counts for the key.
//
// Threads: any.
#pragma once

#include <set>

#include "base/mutex.hpp"
#include "longhaul/stores/values.hpp"
#include "longhaul/task.hpp"

namespace longhaul::tasks {

class keyed_runs {
 public:
  /// Of a claim; one without a key is none of these.
  void add(const task_record& claimed) {
    if (!claimed.origin->concurrency_key) return;
    const guard lock(mutex_);
    runs_.insert({claimed.id(), claimed.epoch});
  }
  void remove(const task_record& claimed) {
    if (!claimed.origin->concurrency_key) return;
    const guard lock(mutex_);
    runs_.erase({claimed.id(), claimed.epoch});
  }
  bool contains(const stores::run_name& run) const {
    const guard lock(mutex_);
    return runs_.contains(run);
  }

 private:
  mutable guarded_mutex mutex_;
  std::set<stores::run_name> runs_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
