// SPDX-License-Identifier: Apache-2.0
// Which processes belong to a helper's program, found in one look at the process table. Nothing
// here is signalled. Pure but for /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "command/process_table.hpp"

namespace longhaul::command {

/// What makes a process one of the family.
struct family_signs {
  pid_t helper = -1;                 ///< -1: there is none, the mark alone counts
  std::uint64_t helper_started = 0;  ///< nobody who is older belongs to it
  std::string mark;                  ///< NAME=value in the environment; empty: none
  bool helper_lives = false;         ///< its descendants belong to it
  bool session = false;              ///< the session with the helper's id belongs to it
  bool orphans = false;              ///< children of this process that nobody else accounts for
};

/// All of the family in `all`, without the helper itself. `helpers` are those of all wards, which
/// belong to nobody; `spared` are children of this process that are not ours.
std::vector<process_entry> family_of(const family_signs& signs,
                                     const std::vector<process_entry>& all,
                                     const std::unordered_set<pid_t>& helpers,
                                     const std::unordered_set<pid_t>& spared);

}  // namespace longhaul::command
