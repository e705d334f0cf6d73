// SPDX-License-Identifier: Apache-2.0
// Which tasks a command is about: those that were started from here, and those of a server that is
// named.
#pragma once

#include <string>
#include <vector>

#include "longhaul/tool_call.hpp"
#include "tasks.hpp"
#include "terminal/handles.hpp"

namespace longhaul {

/// The command line of `longhaul tasks`, without what would be taken for an option: ids of other
/// servers may begin with '-'. Those that are remembered, and all behind `--`, have `id:` before
/// them.
std::vector<std::string> with_shielded_ids(const std::vector<std::string>& words);

/// The tasks that the words of the command name; without words, and if that is wanted, all that are
/// under way. With a server, a word may be the whole id of a task that was started elsewhere.
/// Throws `std::invalid_argument`, `terminal::no_such_handle`, `client_error`.
std::vector<terminal::handle> wanted_tasks(const tasks_command& command, seat& at,
                                           bool all_without_ids);

struct listed_task {
  terminal::handle task;
  call_outcome now;
};
/// What the named server lists itself (`tasks/list`, which 2025-11-25 has), but for `known`. Throws
/// `client_error`.
std::vector<listed_task> listed_tasks(const tasks_command& command, seat& at,
                                      const std::vector<terminal::handle>& known);

}  // namespace longhaul
