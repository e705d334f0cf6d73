// SPDX-License-Identifier: Apache-2.0
// The variable by which a program knows its task, and by which we know what belongs to the program
// when its helper is dead.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "command/process_table.hpp"

namespace longhaul::command {

inline constexpr std::string_view task_variable = "LONGHAUL_TASK_ID";

/// NAME=value.
inline std::string task_mark(std::string_view task) {
  return std::string(task_variable).append("=").append(task);
}

/// The task that a process carries in the environment it began with; empty: none.
inline std::string marked_task_of(pid_t id) { return environment_of(id, task_variable); }

}  // namespace longhaul::command
