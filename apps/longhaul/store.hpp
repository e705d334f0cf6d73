// SPDX-License-Identifier: Apache-2.0
// `longhaul store …`: looks at what tasks are kept in, copies it, keeps it small and new.
#pragma once

#include <cstddef>
#include <string>

namespace longhaul {

struct store_command {
  enum class verb { list, check, backup, vacuum, migrate, stats };
  verb action = verb::check;
  std::string file;  ///< a path, `sqlite:PATH`, or `postgres://…`
  std::string copy;  ///< where a backup goes
  bool json = false;
  // Of a list; empty: all.
  std::string status;  ///< of a task, or "queued"
  std::string tool, owner;
  std::size_t limit = 50;  ///< 0: none
};

/// The exit code: 0 done and sound, 1 not, 2 wrong use.
int run_store(const store_command& command);
int run_store_file(const store_command& command);
int run_store_database(const store_command& command);

}  // namespace longhaul
