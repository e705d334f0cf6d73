// SPDX-License-Identifier: Apache-2.0
// Under which id this process is known to those who share its store. It has another one from the
// moment on in which it learns that it was declared dead: what it held under the first is not its
// own any more.
//
// Threads: any.
#pragma once

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "longhaul/task.hpp"

namespace longhaul::tasks {

class process_name {
 public:
  process_id get() const {
    const guard lock(mutex_);
    return id_;
  }
  /// Requires: it has a lease already.
  void replace(const process_id& next) {
    const guard lock(mutex_);
    id_ = next;
  }

 private:
  mutable guarded_mutex mutex_;
  process_id id_ LONGHAUL_GUARDED_BY(mutex_) = new_process_id();
};

}  // namespace longhaul::tasks
