// SPDX-License-Identifier: Apache-2.0
// A task that is followed by ordinary tools: what a server gives to whom it cannot, or may not,
// give a task. It names those tools in the `_meta` of its result (docs/wire.md).
//
// Pure functions.
#pragma once

#include <optional>
#include <string>

#include "client/messages.hpp"
#include "client/task_view.hpp"
#include "json/view.hpp"

namespace longhaul::remote {

/// Names of the tools.
struct fallback_tools {
  std::string status = "task_status";
  std::string answer = "task_answer";
  std::string result = "task_result";
  std::string cancel = "task_cancel";
};

struct fallback_task {
  fallback_tools tools;
  task_view task;
};

/// `result`: of `tools/call`. Null: it is an ordinary one.
std::optional<fallback_task> read_fallback(json::value result);
/// What the tool for the status says. Null: this is none.
std::optional<task_view> read_fallback_state(json::value result);
/// `params` of a call of `tool`.
raw_json fallback_call(const std::string& tool, const member_list& arguments);
/// Arguments of the tool for answers, beside the task: `given` is an `ElicitResult`.
member_list fallback_answer(const std::string& key, json::value given);

}  // namespace longhaul::remote
