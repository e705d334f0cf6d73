// SPDX-License-Identifier: Apache-2.0
// Three ordinary tools for callers that know no tasks: a call that takes too long for them returns
// "still running" with the task's id, and these tools wait for it, fetch its result and cancel it.
// They are in the list of tools like any other, and answered by the dispatcher itself: they take no
// slot and make no task.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::serving {

enum class fallback_verb : std::uint8_t { status, result, cancel };

/// `task_status`, `task_result`, `task_cancel`.
std::vector<tool_definition> fallback_tools();
std::optional<fallback_verb> fallback_verb_of(std::string_view tool);

struct fallback_request {
  std::string task;
  std::chrono::milliseconds wait{0};
};
/// Throws `invalid_arguments`.
fallback_request read_fallback_request(fallback_verb verb, const raw_json& arguments);

/// The longest that one call waits: hosts cut calls at 30 s and more.
inline constexpr std::chrono::seconds fallback_wait{25};

/// What a call returns whose work goes on as a task.
outcome still_running(const task_record& task);
/// What `task_status` and `task_cancel` say of a task.
outcome describe_task(const task_record& task);
/// What `task_result` returns: the result itself, or why there is none (yet).
outcome fallback_result(const task_record& task);
outcome no_such_task();

}  // namespace longhaul::serving
