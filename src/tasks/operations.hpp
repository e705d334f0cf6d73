// SPDX-License-Identifier: Apache-2.0
// What an operator does with tools and finished tasks, and sees of this process.
//
// Threads: any.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <stdexcept>
#include <string_view>

#include "tasks/claimer.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/intake.hpp"

namespace longhaul::tasks {

class operations {
 public:
  operations(engine_core& core, intake& submissions, claimer& claims)
      : core_(core), intake_(submissions), claimer_(claims) {}

  /// Nothing of this tool begins any more, in no process of the store: what runs goes on, the rest
  /// waits. False: it was so already. These throw `stores::store_error`.
  boost::asio::awaitable<bool> pause(std::string_view tool);
  boost::asio::awaitable<bool> resume(std::string_view tool);
  boost::asio::awaitable<stores::paused_tools> paused();
  /// Reads which tools are paused, if others may have changed that, or nobody has read it yet. The
  /// store itself starts nothing of them; this is for work that it does not know of.
  boost::asio::awaitable<void> look_if_needed();

  /// The work of a task that has ended, as a new task of the same owner, with `retry_of` its id;
  /// also of a tool that is unique.
  /// Null task and `busy`: a bound refuses. Throws `no_retry` with the reason if there is no such
  /// task, it has not ended, or its tool is not here.
  boost::asio::awaitable<stores::create_result> retry(std::string_view owner, std::string_view id);

  /// Tasks of this tool that this process has claimed, and calls of it that need no task.
  std::size_t running_of(std::string_view tool) const;
  /// Slots that are taken: handlers that run, but those that wait for an answer, and plain calls.
  std::size_t slots_used() const { return core_.slots.running(); }
  /// Under which id this process is known to those who share its store.
  process_id process() const { return core_.process.get(); }

 private:
  boost::asio::awaitable<void> look();
  boost::asio::awaitable<void> apply(stores::paused_tools all);

  engine_core& core_;
  intake& intake_;
  claimer& claimer_;
  std::atomic<bool> known_{false};
  std::atomic<std::uint64_t> changes_{0};  // that this process has made
};

/// Why a task cannot be made again; for people.
class no_retry : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace longhaul::tasks
