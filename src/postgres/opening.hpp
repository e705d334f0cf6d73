// SPDX-License-Identifier: Apache-2.0
// The first look at a database: is it one that will do, are our tables there, what is in them.
//
// Threads: the database thread.
#pragma once

#include <string>

#include "postgres/database.hpp"

namespace longhaul::postgres {

struct opened {
  std::string secret;
  stores::found_at_open found;
};

/// Makes the schema, or brings it to the newest version. Throws `database_error`, and
/// `std::runtime_error` with what to do.
awaitable<opened> open_database(database& home, connection& link);

}  // namespace longhaul::postgres
