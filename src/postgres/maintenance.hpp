// SPDX-License-Identifier: Apache-2.0
// What operators do with a schema: `longhaul store … postgres://…`. All of it goes on beside
// servers that run, on a connection of its own; `migrate` alone changes anything.
//
// All of these throw `std::runtime_error` (`database_error`) with what is wrong, and block.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "postgres/database.hpp"
#include "stores/listing.hpp"

namespace longhaul::postgres {

/// Everything that is wrong with the schema, and with the server for our purpose, a line each;
/// none: it is sound. Reads all rows, as they were at one moment.
std::vector<std::string> check(const database_options& where);

/// Gives the tasks of one moment that fit, newest first. The work behind plain calls is left out.
void list(const database_options& where, const stores::list_filter& which,
          const std::function<void(const stores::listed_task&)>& take);

/// Makes the schema, or brings it to the newest version.
stores::migrated migrate(const database_options& where);

/// A server that said that it lives, and was not declared dead.
struct leased_process {
  std::string host, version;
  std::int64_t pid = 0;
  timestamp began{}, renewed{}, lease_until{};
  std::size_t running = 0;  ///< tasks
};

struct schema_stats {
  std::int64_t version = 0;
  std::int64_t bytes = 0;  ///< of tables and indexes on the disk
  stores::counts_by_tool by_tool;
  std::optional<timestamp> oldest = std::nullopt, newest = std::nullopt;  ///< created
  std::optional<stores::listed_task> oldest_open = std::nullopt;
  std::vector<leased_process> processes;  ///< by host and pid
  stores::paused_tools paused;
  timestamp now{};  ///< by the database's clock
};
schema_stats stats_of(const database_options& where);

}  // namespace longhaul::postgres
