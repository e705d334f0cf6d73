// SPDX-License-Identifier: Apache-2.0
// What programs print, in the database: `outputs` has a row for each stream, `output_parts` its
// bytes, in rows as they came; many small ones are put together now and then.
//
// Invariant: the parts of a stream follow each other without a gap. Where one would be, what is
// before it goes.
//
// Threads: the database thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "longhaul/stores/shared_output.hpp"
#include "postgres/database.hpp"

namespace longhaul::postgres {

/// As `shared_output::write` and `read`. All throw `database_error`.
awaitable<bool> write_output(database& home, connection& link, const stores::output_news& news);
awaitable<std::optional<stores::output_part>> read_output(database& home, connection& link,
                                                          std::string_view task,
                                                          std::string_view stream,
                                                          std::optional<std::uint64_t> offset,
                                                          std::size_t most);

/// Nothing more comes from processes that are dead.
awaitable<void> end_outputs_of_the_dead(database& home, connection& link);
/// Those of tasks that were removed while somebody wrote.
awaitable<void> remove_lost_outputs(database& home, connection& link);

}  // namespace longhaul::postgres
