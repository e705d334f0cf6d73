// SPDX-License-Identifier: Apache-2.0
// The thread that ticks. Each tick goes through a list of steps; one that fails is told of, and
// does not keep the others from their turn. Lists do not wait for each other: a step may wait ten
// seconds for a store that is away, and the lease must not.
//
// Threads: `start` and `stop` by whoever owns it; `tick` any, one at a time.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class keeper {
 public:
  using step = std::function<boost::asio::awaitable<void>()>;

  explicit keeper(engine_core& core) : core_(core), work_(context_.get_executor()) {}
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;
  ~keeper() { stop(); }

  boost::asio::any_io_executor executor() { return context_.get_executor(); }
  /// Ticks by itself, unless `options.manual`.
  void start(std::vector<std::vector<step>> lists);
  /// One tick of all lists in their order, on this thread. Requires: `options.manual`.
  void tick();
  /// Returns when what was posted before has run. Not from its own thread.
  void flush();
  /// Idempotent.
  void stop();

 private:
  struct list {
    std::vector<step> steps;
    boost::asio::steady_timer timer;
  };
  void schedule(list& one);
  boost::asio::awaitable<void> run_steps(const list& one);
  /// Trouble of the store is told once, and its end.
  void watch_store();

  engine_core& core_;
  guarded_mutex tick_mutex_;
  std::string told_trouble_;
  std::atomic<bool> closing_{false};

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<list> lists_;
  std::thread thread_;
};

}  // namespace longhaul::tasks
