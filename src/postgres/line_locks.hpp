// SPDX-License-Identifier: Apache-2.0
// Concurrency keys across processes. Whoever begins tasks with a key holds the key's lock until his
// transaction ends, and gives each run a place: a number that no other run with that key has, which
// the table's own key guarantees. It is held until the run's handler has returned (`change_set`,
// `leave`), or its process was declared dead.
//
// Threads: the database thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/task.hpp"
#include "postgres/connection.hpp"

namespace longhaul::postgres {

/// Tool and line (`line_of`).
using tool_and_line = std::pair<std::string, std::string>;

class line_locks {
 public:
  enum class whether : std::uint8_t { waits, takes_what_is_free };

  /// Within an open transaction: locks these lines, and reads which numbers are taken. Those that
  /// somebody else has locked are left out by who does not wait.
  static awaitable<line_locks> lock(connection& link, const std::string& schema,
                                    std::set<tool_and_line> lines, whether patience);

  bool holds(const tool_and_line& line) const { return taken_.contains(line); }
  /// How many of the runs that have a place are this process's.
  std::size_t running_in(const tool_and_line& line, const process_id& process) const;
  /// The next free number; null if so many run already, with `more` that are not in the database.
  std::optional<std::int64_t> begin(const tool_and_line& line, std::size_t limit,
                                    std::size_t more = 0);

 private:
  // By number, the process that runs it; empty: we are about to.
  std::map<tool_and_line, std::map<std::int64_t, std::string>> taken_;
};

}  // namespace longhaul::postgres
