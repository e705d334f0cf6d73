// SPDX-License-Identifier: Apache-2.0
// A coroutine that waits for a task: keeps the newest snapshot and wakes its one consumer.
// Producers on any thread; `next` and `close` from the consumer's coroutine, whose executor may
// have many threads: the lock guards the timer too. After `close` nothing of that executor is
// touched any more, whoever still holds the waiter.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "base/mutex.hpp"
#include "tasks/follower.hpp"

namespace longhaul::tasks {

class waiter : public follower, public std::enable_shared_from_this<waiter> {
 public:
  using clock = std::chrono::steady_clock;

  explicit waiter(boost::asio::any_io_executor executor);

  void on_task(const task_ptr& task) override;
  /// Wakes the consumer without a change.
  void wake();

  /// Waits until there is a snapshot newer than the last one returned, or `wake` was called, or
  /// the deadline; the newest snapshot (null if none came yet).
  boost::asio::awaitable<task_ptr> next(clock::time_point deadline = clock::time_point::max());
  void close();

  /// Closes a waiter at the end of a scope.
  class closer {
   public:
    explicit closer(waiter& w) : waiter_(w) {}
    closer(const closer&) = delete;
    closer& operator=(const closer&) = delete;
    ~closer() { waiter_.close(); }

   private:
    waiter& waiter_;
  };

 private:
  void signal() LONGHAUL_REQUIRES(mutex_);
  boost::asio::awaitable<void> suspend_until(clock::time_point deadline);

  guarded_mutex mutex_;
  // Empty once closed.
  std::optional<boost::asio::steady_timer> timer_ LONGHAUL_GUARDED_BY(mutex_);
  task_ptr newest_ LONGHAUL_GUARDED_BY(mutex_);
  bool news_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::tasks
