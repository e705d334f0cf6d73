// SPDX-License-Identifier: Apache-2.0
// What becomes of tasks whose process is gone: the store hands them back or fails them, by the word
// of their tools. Of a store of our own, whoever has no lease here is gone, so it is done before
// anybody is served; of a shared one, by whoever was trusted for a whole lease (`lease.hpp`).
//
// Threads: one at a time, but `is_done`.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <optional>

#include "tasks/engine_core.hpp"
#include "tasks/lease.hpp"

namespace longhaul::tasks {

class recovery {
 public:
  recovery(engine_core& core, const lease& ours) : core_(core), lease_(ours) {}

  /// Of a store that no other process uses. A store that stumbles is given a few more chances; one
  /// in trouble (a full disk) is read meanwhile, and nothing runs. Throws `stores::store_error`.
  boost::asio::awaitable<void> begin();
  /// Looks for the dead, now and then.
  boost::asio::awaitable<void> look();
  /// What former processes left was dealt with: new work may begin.
  bool is_done() const noexcept { return done_; }

 private:
  boost::asio::awaitable<void> recover();

  engine_core& core_;
  const lease& lease_;
  std::atomic<bool> done_{true};
  std::optional<monotonic_time> looked_at_;
};

}  // namespace longhaul::tasks
