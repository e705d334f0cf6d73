// SPDX-License-Identifier: Apache-2.0
// What cannot be right in the rows of a sound schema: rows without those that belong to them,
// numbers that are not what is counted, and tasks whose columns are not those that we would write.
//
// Threads: those of the connection, which is in a transaction that sees one moment.
#pragma once

#include <string>
#include <vector>

#include "postgres/database.hpp"

namespace longhaul::postgres {

/// A line each. Reads everything. Throws `database_error`.
awaitable<std::vector<std::string>> faults_of_rows(database& home, connection& link);

}  // namespace longhaul::postgres
