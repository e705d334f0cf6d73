// SPDX-License-Identifier: Apache-2.0
// Threads for code that may block: blocking handlers and stop callbacks. A thread is started when
// work comes and none is idle; how much work there is at once is bounded by whoever submits it
// (slots and parked handlers). Idle threads end by themselves.
//
// One thread at a time is called to work, and calls the next one if there is more to do when it
// comes: jobs that are short are done by the few that are awake, and none waits behind a long one.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "base/mutex.hpp"

namespace longhaul::tasks {

class blocking_pool {
 public:
  blocking_pool() = default;
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;
  ~blocking_pool() { close(); }

  /// Waits for everything that was submitted; what is submitted afterwards is dropped.
  void close();

  using job = std::function<void()>;
  /// Runs each job on a thread of the pool. Jobs must not throw. Any thread; never blocks for long.
  /// Throws `std::system_error` if there is no thread and none can be started: none of them runs.
  void submit(std::vector<job> jobs);
  void submit(job one);

  std::size_t threads() const;

 private:
  void work();
  /// Null: it has waited in vain, or there will be no more.
  job take(guard& lock) LONGHAUL_REQUIRES(mutex_);
  /// Calls a thread unless one is on its way. True: an idle one, which is to be notified once the
  /// lock is free, else it would wait for us at once. False: none, or a new one. Throws
  /// `std::system_error` if none can be started.
  bool call_thread() LONGHAUL_REQUIRES(mutex_);
  void start_thread() LONGHAUL_REQUIRES(mutex_);

  mutable guarded_mutex mutex_;
  condition wake_, gone_;
  std::deque<job> jobs_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t threads_ LONGHAUL_GUARDED_BY(mutex_) = 0, idle_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool called_ LONGHAUL_GUARDED_BY(mutex_) = false;  // a thread is on its way
  bool closing_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::tasks
