// SPDX-License-Identifier: Apache-2.0
// Time and strays: limits that have passed, retention that is over, and claims of this process that
// nothing here runs.
//
// Threads: one at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tasks/claimer.hpp"
#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class reaper {
 public:
  reaper(engine_core& core, claimer& claims) : core_(core), claimer_(claims) {}

  /// One round: calls without a row report and meet their limits, rows are expired and purged.
  boost::asio::awaitable<void> look();
  /// All limits and all that has expired of the server's store; how many were removed.
  boost::asio::awaitable<std::size_t> remove_expired();
  /// A claim of this boot without a running handler: its create or claim was committed although we
  /// were told otherwise. Seen twice in a row, it is handed back or failed. The same of runs that
  /// count for a key and have returned.
  boost::asio::awaitable<void> audit();

 private:
  using runs = std::set<stores::run_name>;

  void look_at(direct_run& run, stores::instant now) const;
  boost::asio::awaitable<void> audit_claims();
  boost::asio::awaitable<void> audit_places();
  /// Removes one batch of what has expired; how many those were.
  boost::asio::awaitable<std::size_t> purge(lane& home);

  engine_core& core_;
  claimer& claimer_;
  std::optional<monotonic_time> audited_at_;
  runs suspects_, left_behind_;
};

}  // namespace longhaul::tasks
