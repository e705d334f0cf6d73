// SPDX-License-Identifier: Apache-2.0
// Threads for code that may block: blocking handlers and stop callbacks. A thread is started when
// work comes and none is idle; how much work there is at once is bounded by whoever submits it
// (slots and parked handlers). Idle threads end by themselves.
//
// One thread at a time is called to work, and calls the next one if there is more to do when it
// comes: jobs that are short are done by the few that are awake, and none waits behind a long one.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

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
  job take(std::unique_lock<std::mutex>& lock);
  /// Calls a thread, an idle or a new one, unless one is on its way; unlocks. If it throws, which
  /// it does as `std::system_error` if none can be started, the lock is held.
  void call_thread(std::unique_lock<std::mutex>& lock);
  void start_thread();

  mutable std::mutex mutex_;
  std::condition_variable wake_, gone_;
  std::deque<job> jobs_;
  std::size_t threads_ = 0, idle_ = 0;
  bool called_ = false;  // a thread is on its way
  bool closing_ = false;
};

}  // namespace longhaul::tasks
