// SPDX-License-Identifier: Apache-2.0
// Whether the tables of a schema are those that we made. They are compared with a model that the
// server makes itself, of the same texts, as temporary tables in a transaction that is rolled back:
// so what its version writes differently is the same on both sides.
//
// Threads: those of the connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "postgres/database.hpp"

namespace longhaul::postgres {

/// What is missing, was changed, or stands in the way of our statements, a line each. Indexes that
/// somebody added to make queries of his own fast do not, nor do other tables and views.
/// Throws `database_error`: its role may not make temporary tables, or the server is a standby.
awaitable<std::vector<std::string>> faults_of_tables(database& home, connection& link,
                                                     std::int64_t version);

}  // namespace longhaul::postgres
