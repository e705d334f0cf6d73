// SPDX-License-Identifier: Apache-2.0
// Four ordinary tools for callers that know no tasks: a call that takes too long for them returns
// "still running" with the task's id, one that asks what they cannot be asked returns the question,
// and these tools wait for it, answer its questions, fetch its result and cancel it.
// They are in the list of tools like any other, and answered by the dispatcher itself: they take no
// slot and make no task.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/store.hpp"
#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::serving {

enum class fallback_verb : std::uint8_t { status, answer, result, cancel };

/// `task_status`, `task_answer`, `task_result`, `task_cancel`.
std::vector<tool_definition> fallback_tools();
std::optional<fallback_verb> fallback_verb_of(std::string_view tool);

struct fallback_request {
  std::string task;
  std::chrono::milliseconds wait{0};
  stores::response answer = {};
};
/// Throws `invalid_arguments`.
fallback_request read_fallback_request(fallback_verb verb, const raw_json& arguments);

/// What a call returns whose work goes on as a task: because it takes long, or because it asks.
outcome still_running(const task_record& task);
/// What `task_status`, `task_answer` and `task_cancel` say of a task: with its open questions.
outcome describe_task(const task_record& task);
/// What `task_result` returns: the result itself, or why there is none (yet).
outcome fallback_result(const task_record& task);
outcome no_such_task();
outcome no_such_question(const task_record& task, std::string_view key);

}  // namespace longhaul::serving
