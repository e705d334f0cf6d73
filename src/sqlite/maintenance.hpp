// SPDX-License-Identifier: Apache-2.0
// What operators do with a store file: `longhaul store …`. Reading (`check`, `backup`, `stats_of`)
// goes on beside a running server; changing (`vacuum`, `migrate`) needs the file for itself.
//
// All of these throw `std::runtime_error` (`sqlite_error`, `store_in_use`) with what is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "longhaul/clock.hpp"
#include "sqlite/connection.hpp"
#include "stores/listing.hpp"

namespace longhaul::sqlite {

/// Everything that is wrong with the file, a line each; none: it is sound. Reads all of it.
std::vector<std::string> check(const std::string& path);

/// Copies the state of one moment to `copy_path`, which must not exist; it gets its name when it is
/// whole and on the disk. `progress` is told pages done and in all, now and then.
void backup(const std::string& path, const std::string& copy_path,
            const std::function<void(int, int)>& progress);

/// Gives the tasks of one moment that fit, newest first. The work behind plain calls is left out.
void list(const std::string& path, const stores::list_filter& which,
          const std::function<void(const stores::listed_task&)>& take);

struct file_size {
  std::int64_t before = 0, after = 0;  ///< bytes
};
/// Writes the file anew without its free pages.
file_size vacuum(const std::string& path);

/// Brings the file to the newest version.
stores::migrated migrate(const std::string& path);

struct file_stats {
  std::int64_t version = 0;
  std::int64_t bytes = 0;       ///< of the database
  std::int64_t log_bytes = 0;   ///< of the write-ahead log
  std::int64_t free_bytes = 0;  ///< of the database, to be used again
  std::int64_t working = 0, input_required = 0, completed = 0, failed = 0, cancelled = 0;
  std::int64_t queued = 0;  ///< of the working ones: nobody runs them
  std::optional<timestamp> oldest = std::nullopt, newest = std::nullopt;  ///< created
};
file_stats stats_of(const std::string& path);

}  // namespace longhaul::sqlite
