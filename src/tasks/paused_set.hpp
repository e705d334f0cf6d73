// SPDX-License-Identifier: Apache-2.0
// The tools that are paused, as this process knows: the store has the truth, which others may
// change. For whoever must know at once, and may be a moment late.
//
// Threads: any.
#pragma once

#include <atomic>
#include <string_view>
#include <utility>

#include "base/mutex.hpp"
#include "longhaul/stores/store_operations.hpp"

namespace longhaul::tasks {

class paused_set {
 public:
  void replace(stores::paused_tools all) {
    const guard lock(mutex_);
    any_ = !all.empty();
    all_ = std::move(all);
  }
  bool contains(std::string_view tool) const {
    if (!any_) return false;
    const guard lock(mutex_);
    return all_.contains(tool);
  }

 private:
  std::atomic<bool> any_{false};
  mutable guarded_mutex mutex_;
  stores::paused_tools all_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
