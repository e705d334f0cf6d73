// SPDX-License-Identifier: Apache-2.0
// How one handler is told to stop: once, on a thread where user code may run.
//
//   request ──► requested ──(the pool, or the executor)──► the token is raised, waits end
//
// Most handlers never look at their token, so there is none before somebody asks for it; one that
// is made late is raised from the beginning.
//
// Threads: any, but for the slot, which belongs to the executor.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <stop_token>

#include "base/mutex.hpp"
#include "tasks/blocking_pool.hpp"

namespace longhaul::tasks {

class stopper : public std::enable_shared_from_this<stopper> {
 public:
  /// Of a blocking handler: stop callbacks run on the pool.
  explicit stopper(blocking_pool& pool) : pool_(&pool) {}
  /// Of a coroutine: stop callbacks run where it runs, on one thread at a time, so what the two
  /// share (timers, sockets) needs no lock.
  explicit stopper(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void request();
  bool requested() const noexcept { return requested_; }
  /// Its executor is gone: nothing goes there any more.
  void abandon() noexcept { requested_ = true; }
  std::stop_token token();
  bool blocking() const noexcept { return pool_ != nullptr; }
  /// For whoever spawns the coroutine: what that awaits is cancelled once stop is requested.
  boost::asio::cancellation_slot cancellation() noexcept { return cancellation_.slot(); }

 private:
  void raise();

  blocking_pool* const pool_ = nullptr;
  const boost::asio::any_io_executor executor_;
  boost::asio::cancellation_signal cancellation_;  // on the executor only
  std::atomic<bool> requested_{false};
  guarded_mutex mutex_;
  bool raised_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::stop_source source_{std::nostopstate};  // never changes once `made_` is true
  std::atomic<bool> made_{false};
};

}  // namespace longhaul::tasks
