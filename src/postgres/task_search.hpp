// SPDX-License-Identifier: Apache-2.0
// What operators look for in a database that servers share (`store_operations`): tasks of all
// owners, who uses how much, which processes there are. Nothing here reads more than an index and a
// bounded number of rows, however many tasks there are.
//
// Threads: the database thread. Each throws `database_error`.
#pragma once

#include <string>
#include <vector>

#include "longhaul/stores/search.hpp"
#include "postgres/database.hpp"

namespace longhaul::postgres {

/// The ids among which a page of this filter is looked for, newest first, as SQL: those below $1
/// and from $2 on; the tool or the owner is $3. For who asks PostgreSQL what it makes of it.
std::string candidates_sql(const stores::task_filter& filter);

/// `before`: an id; empty: from the newest on.
awaitable<stores::found_page> search_tasks(database& home, connection& link,
                                           stores::task_filter filter, std::string before,
                                           std::size_t limit);
/// Null: none waits.
awaitable<task_ptr> oldest_waiting_task(database& home, connection& link);
awaitable<std::vector<stores::owner_use>> largest_owners(database& home, connection& link,
                                                         std::size_t most);
awaitable<std::vector<stores::process_info>> living_servers(database& home, connection& link);

}  // namespace longhaul::postgres
