// SPDX-License-Identifier: Apache-2.0
// Why a task waits, in a line for the caller. Made when somebody reads the task, and never stored.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class wait_words {
 public:
  explicit wait_words(const engine_core& core) : core_(core) {}

  /// "attempt 2 of 5 in 8 s: exit code 75", "paused by the operator", "waiting for db=orders",
  /// "waiting: 3 of 3 running", "waiting for an answer". Empty: it runs, is
  /// about to begin, or has ended.
  std::string now(const task_record& task) const;
  /// The same, with the number of tasks before it in its queue, which the store is asked for.
  boost::asio::awaitable<std::string> exactly(task_ptr task) const;

 private:
  /// What of a queue is full; empty: nothing, it is about to begin.
  std::string full(const task_record& task) const;

  const engine_core& core_;
};

}  // namespace longhaul::tasks
