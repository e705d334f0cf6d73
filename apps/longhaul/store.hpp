// SPDX-License-Identifier: Apache-2.0
// `longhaul store …`: looks at a store file, copies it, keeps it small and new.
#pragma once

#include <cstddef>
#include <string>

namespace longhaul {

struct store_command {
  enum class verb { list, check, backup, vacuum, migrate, stats };
  verb action = verb::check;
  std::string file;  ///< a path, or `sqlite:PATH`
  std::string copy;  ///< where a backup goes
  bool json = false;
  // Of a list; empty: all.
  std::string status;  ///< of a task, or "queued"
  std::string tool, owner;
  std::size_t limit = 50;  ///< 0: none
};

/// The exit code: 0 done and sound, 1 not.
int run_store(const store_command& command);

}  // namespace longhaul
