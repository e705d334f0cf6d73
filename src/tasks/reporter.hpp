// SPDX-License-Identifier: Apache-2.0
// Writes what handlers report, and how they ended.
//
//   progress, status, checkpoint ──► note ──► (once an interval) flush ──► the store
//   the end ──► last report, finish ──► done
//                   └─ the outcome stays unknown ──► the next tick tries again (`runs`)
//
// Invariants: the last report of a task is always written, before its end. What the store refuses
// as superseded or terminal stops the handler and is not tried again.
//
// Threads: `note` and `write_end` any; `flush` one at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <vector>

#include "base/mutex.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/handler_run.hpp"

namespace longhaul::tasks {

class reporter {
 public:
  explicit reporter(engine_core& core) : core_(core) {}

  void note(std::shared_ptr<running_task> run);
  /// Writes what is due.
  boost::asio::awaitable<void> flush();

  /// What its handler reported last; throws like the store.
  boost::asio::awaitable<void> write_last_report(running_task& run);
  /// False: the outcome could not be made certain, and is to be written again.
  boost::asio::awaitable<bool> write_end(running_task& run, const outcome& result);
  /// The same of an attempt that another one follows.
  boost::asio::awaitable<bool> write_retry(running_task& run, const handler_run::retry_wish& wish);

  /// Lets go of the runs that are still noted here.
  void clear();

 private:
  class taken_out;
  void keep(const std::shared_ptr<running_task>& run) noexcept LONGHAUL_REQUIRES(mutex_);
  boost::asio::awaitable<void> write_report(running_task& run);

  engine_core& core_;
  guarded_mutex mutex_;
  std::vector<std::shared_ptr<running_task>> noted_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
