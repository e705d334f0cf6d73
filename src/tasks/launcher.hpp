// SPDX-License-Identifier: Apache-2.0
// The threads that run handlers, and the way there.
//
//   launch ──► launching_ ──(once for each pass of the caller's loop)──► launch_all
//                                                                          │
//              blocking handlers: a thread of the pool, which calls others ├──► run ──► end_here
//              coroutines: one handler thread, the next time another one   └──► run ──► end
//
// What is to start is handed over in batches because a hand-over, which wakes a thread, costs more
// than everything else in the life of a short task.
//
// Invariants: a coroutine stays on one thread. `stop` returns when every handler has returned;
// what coroutines have left behind on their threads belongs to nobody, and ends there. What is
// launched afterwards never begins: it ends at once, without an outcome.
//
// Threads: any, but for `start` and `stop`.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/mutex.hpp"
#include "tasks/blocking_pool.hpp"
#include "tasks/call_hooks.hpp"
#include "tasks/handler_run.hpp"

namespace longhaul::tasks {

class launcher {
 public:
  using run_ptr = std::shared_ptr<handler_run>;

  /// `hooks`: hears of results before they are kept; may be null.
  launcher(std::size_t handler_threads, logger log, std::shared_ptr<call_hooks> hooks = nullptr);
  launcher(const launcher&) = delete;
  launcher& operator=(const launcher&) = delete;
  ~launcher();

  void start();
  /// Waits until every handler has returned. Idempotent.
  void stop();

  /// Where a handler will run, and how it is told to stop there.
  struct seat {
    std::shared_ptr<stopper> stopping;
    boost::asio::io_context* handlers = nullptr;  ///< of a coroutine
  };
  seat seat_for(const tool_definition& tool);

  /// Hands `run` over soon: when `caller` has nothing else to do, with all that came meanwhile. If
  /// it throws, nothing has happened.
  void launch(run_ptr run, const boost::asio::any_io_executor& caller);
  /// Hands over what waits for that.
  void launch_all();
  /// Runs a coroutine handler, and its end.
  boost::asio::awaitable<void> run_coroutine(run_ptr run);

  blocking_pool& pool() noexcept { return pool_; }
  const blocking_pool& pool() const noexcept { return pool_; }

 private:
  class attempt;
  using batch = std::shared_ptr<void>;

  void launch_blocking(const std::vector<run_ptr>& runs);
  void launch_coroutines(boost::asio::io_context& handlers, std::vector<run_ptr> runs);
  void run_blocking(const run_ptr& run);
  boost::asio::awaitable<void> end_unstarted(run_ptr run, std::exception_ptr failure);
  handler_result result_of_failure(const run_ptr& run) const noexcept;
  /// Another attempt follows, or the hooks are told of the result.
  void settle(const run_ptr& run, handler_result& result) const noexcept;
  batch begin_batch();

  const logger log_;
  const std::shared_ptr<call_hooks> hooks_;
  guarded_mutex mutex_;
  std::vector<run_ptr> launching_ LONGHAUL_GUARDED_BY(mutex_);
  bool closed_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::atomic<std::size_t> next_{0};

  guarded_mutex live_mutex_;
  condition idle_;
  // Batches of coroutines that are not all over.
  std::size_t live_ LONGHAUL_GUARDED_BY(live_mutex_) = 0;

  // Threads last: they stop before anything they use is gone.
  using work_guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  std::vector<std::unique_ptr<boost::asio::io_context>> handlers_;  // one for each thread
  std::vector<work_guard> work_;
  std::vector<std::thread> threads_;
  blocking_pool pool_;
};

}  // namespace longhaul::tasks
