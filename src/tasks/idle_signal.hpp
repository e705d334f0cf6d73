// SPDX-License-Identifier: Apache-2.0
// Wakes whoever waits until nothing runs any more. Telling costs nothing while nobody waits.
//
// The waiter raises its flag before it looks, and who takes a run out looks at the flag afterwards:
// one of the two sees the other.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/mutex.hpp"

namespace longhaul::tasks {

class idle_signal {
 public:
  /// Something that `wait` looks at has changed.
  void tell() {
    if (waiters_ == 0) return;
    const guard lock(mutex_);
    changed_.notify_all();
  }
  /// Makes a change and tells of it, beneath the lock: who waits does not go on, and destroy this,
  /// before that is done.
  template <class Change>
  void tell(Change change) {
    const guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  /// Until `enough`, at most for `limit`. `enough` is called with the lock held.
  template <class Enough>
  void wait(std::chrono::milliseconds limit, Enough enough) {
    constexpr std::chrono::milliseconds longest = std::chrono::hours(24) * 365 * 100;
    const auto deadline = std::chrono::steady_clock::now() + std::min(limit, longest);
    ++waiters_;
    {
      guard lock(mutex_);
      while (!enough() && changed_.wait_until(lock, deadline)) {
      }
    }
    --waiters_;
  }

 private:
  guarded_mutex mutex_;
  condition changed_;
  std::atomic<int> waiters_{0};
};

}  // namespace longhaul::tasks
