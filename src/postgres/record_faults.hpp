// SPDX-License-Identifier: Apache-2.0
// Whether the columns of a task are those that we would write for it: its JSON can be read, and
// what is looked for (`ready`, `due_at`, `limit_at`, …) follows from its record.
//
// Threads: those of the connection.
#pragma once

#include <string>
#include <vector>

#include "postgres/database.hpp"

namespace longhaul::postgres {

/// Looks at these tasks; a line for each fault goes into `into`. Throws `database_error`.
awaitable<void> look_at_tasks(database& home, connection& link, std::vector<std::string> ids,
                              std::vector<std::string>& into);

}  // namespace longhaul::postgres
