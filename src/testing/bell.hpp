// SPDX-License-Identifier: Apache-2.0
// Wakes whoever waits for anything to happen in a test server: rung for every message and reply.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/mutex.hpp"

namespace longhaul::testkit {

class bell {
 public:
  void ring() {
    const guard lock(mutex_);
    ++rung_;
    changed_.notify_all();
  }
  std::uint64_t rung() const {
    const guard lock(mutex_);
    return rung_;
  }
  /// Until it has been rung since `seen`, or the time is over.
  void wait(std::uint64_t seen, std::chrono::milliseconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    guard lock(mutex_);
    while (rung_ == seen && changed_.wait_until(lock, until)) {
    }
  }

 private:
  mutable guarded_mutex mutex_;
  condition changed_;
  std::uint64_t rung_ LONGHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace longhaul::testkit
