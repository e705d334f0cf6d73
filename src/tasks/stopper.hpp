// SPDX-License-Identifier: Apache-2.0
// How one handler is told to stop: once, on a thread where user code may run.
//
// Threads: `request` and `requested` on any; the slot belongs to the executor.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <stop_token>

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
  std::stop_token token() const noexcept { return source_.get_token(); }
  bool blocking() const noexcept { return pool_ != nullptr; }
  /// Where the coroutine runs.
  const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  /// For whoever spawns the coroutine: what that awaits is cancelled once stop is requested.
  boost::asio::cancellation_slot cancellation() noexcept { return cancellation_.slot(); }

 private:
  blocking_pool* const pool_ = nullptr;
  const boost::asio::any_io_executor executor_;
  std::stop_source source_;
  boost::asio::cancellation_signal cancellation_;  // on the executor only
  std::atomic<bool> requested_{false};
};

}  // namespace longhaul::tasks
