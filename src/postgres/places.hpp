// SPDX-License-Identifier: Apache-2.0
// Places of concurrency keys (`line_locks` gives them) that outlive what their run wrote last: its
// task was ended, or given to another run, by somebody else while its handler was at work.
//
// Threads: the database thread. Each throws `database_error`, and may be repeated.
#pragma once

#include <string_view>
#include <vector>

#include "postgres/database.hpp"

namespace longhaul::postgres {

/// The handler of this run has returned. True: it had a place.
awaitable<bool> leave_place(database& home, connection& link, std::string_view id,
                            std::uint64_t epoch);
/// Runs of this process that have a place, and no task any more.
awaitable<std::vector<stores::run_name>> places_left_behind(database& home, connection& link,
                                                            process_id process);
/// Those of processes that were declared dead are free.
awaitable<void> free_places_of_the_dead(database& home, connection& link);

}  // namespace longhaul::postgres
