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

/// All of these throw `database_error`, and `std::runtime_error` with what to do.

/// The server and its settings will do.
awaitable<void> look_at_server(const database& home, connection& link);
/// Makes the schema, or brings it to the newest version; the version before, 0: there was none.
awaitable<std::int64_t> make_ready(database& home, connection& link);
/// `make_ready`, and what is there.
awaitable<opened> open_database(database& home, connection& link);

}  // namespace longhaul::postgres
