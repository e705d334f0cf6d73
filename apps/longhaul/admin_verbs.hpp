// SPDX-License-Identifier: Apache-2.0
// The verbs of `longhaul admin`: each asks the API, prints what it says, and gives the exit code.
// They throw `admin_error`.
#pragma once

#include "admin.hpp"
#include "admin_link.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/raw_json.hpp"
#include "seat.hpp"

namespace longhaul {

/// What a verb works with.
struct admin_desk {
  const admin_command& command;
  admin_link& link;
  seat& at;
};

// admin_views.cpp
int show_admin_status(const admin_desk& desk);
int show_admin_tools(const admin_desk& desk);
int show_admin_owners(const admin_desk& desk);
int show_admin_processes(const admin_desk& desk);
int show_admin_audit(const admin_desk& desk);

// admin_tasks.cpp
int list_admin_tasks(const admin_desk& desk);
/// The rows of a table of tasks, which stand in `all` as the API has them.
std::string table_of_tasks(const std::vector<raw_json>& all, timestamp now,
                           const terminal::look& looks);

// admin_task_view.cpp
int show_admin_task(const admin_desk& desk);
int explain_admin_task(const admin_desk& desk);

// admin_output.cpp
int tail_admin_task(const admin_desk& desk);

// admin_actions.cpp
int act_on_tasks(const admin_desk& desk);
int retain_task(const admin_desk& desk);
int pause_or_resume(const admin_desk& desk);

// admin_answer.cpp
int answer_admin_task(const admin_desk& desk);

// admin_top.cpp
int watch_server(const admin_desk& desk);

}  // namespace longhaul
