// SPDX-License-Identifier: Apache-2.0
// What is read of tasks, a statement each.
//
// Threads: the database thread. Each throws `database_error`.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/database.hpp"

namespace longhaul::postgres {

/// One statement, in a transaction of its own.
awaitable<rows> run_one(connection& link, std::string sql, std::vector<parameter> parameters = {});

/// Those of these tasks that there are.
awaitable<std::vector<task_row>> rows_of(database& home, connection& link,
                                         std::vector<std::string> ids, detail wanted);

struct page_request {
  std::string owner;
  std::optional<task_status> status;
  std::string before;  ///< an id; empty: from the newest on
  std::size_t limit = 1;
};
awaitable<std::vector<task_row>> page_of(database& home, connection& link, page_request wanted);
awaitable<std::vector<task_row>> external_tasks(database& home, connection& link, std::string tool,
                                                std::string after, std::size_t limit);

awaitable<std::vector<task_ptr>> claimed_by(database& home, connection& link, process_id process);

/// A task that has the id, the idempotency key or the unique hash of a new one.
struct holder {
  task_row row;
  bool by_hash = false;
};
awaitable<std::vector<holder>> holders_of(database& home, connection& link,
                                          const task_origin& origin);
/// It holds its key, or its hash, no longer.
awaitable<void> let_go(database& home, connection& link, const holder& there);

/// Refreshes what `tallies` knows of the others' use of these quotas, and of their use of all.
awaitable<void> hear_of_others(database& home, connection& link, std::set<std::string> quotas);
/// Reads our own numbers again, unless something is written beside that.
awaitable<void> hear_of_ourselves(database& home, connection& link);
awaitable<stores::counts_by_tool> counts_of_all(database& home, connection& link,
                                                std::int64_t& bytes);

/// How many of the same quota and tool are ready and older than this one, up to `most`.
awaitable<std::size_t> count_before(database& home, connection& link, std::string id,
                                    std::size_t most);
/// Of rows with tool and time.
stores::paused_tools read_paused(const rows& found);
/// Those of them that are not the ids of tasks here.
awaitable<std::vector<std::string>> unknown_of(database& home, connection& link,
                                               std::span<const std::string> ids);
awaitable<stores::paused_tools> paused_tools_of(database& home, connection& link);

}  // namespace longhaul::postgres
