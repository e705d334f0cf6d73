// SPDX-License-Identifier: Apache-2.0
// What time and the deaths of processes do to tasks, and leases. Candidates are taken with SKIP
// LOCKED, so any number of processes may look at once, and each task is changed by one.
//
// Threads: the database thread. Each throws `database_error`.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "postgres/database.hpp"

namespace longhaul::postgres {

/// Also compares clocks. `answer_time`: no longer is waited for the answer.
awaitable<stores::renew_result> renew(database& home, connection& link, process_id process,
                                      milliseconds lease,
                                      std::chrono::steady_clock::duration answer_time);
/// By the database's clock, or it was declared dead.
awaitable<bool> lease_is_over(database& home, connection& link, process_id process);
awaitable<stores::recover_result> recover(database& home, connection& link);
awaitable<void> merge_counts(database& home, connection& link);
awaitable<std::size_t> expire(database& home, connection& link, std::size_t most);

struct purged {
  std::vector<std::string> ids;
  bool all = true;  ///< nothing is left that is due
};
awaitable<purged> purge(database& home, connection& link, std::size_t most);

/// As much as a large call brings, which is undone: whether there is room.
awaitable<bool> try_to_write(database& home, connection& link);

/// Asks the database what time it is.
awaitable<void> compare_clocks(database& home, connection& link);

}  // namespace longhaul::postgres
