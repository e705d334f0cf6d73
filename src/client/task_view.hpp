// SPDX-License-Identifier: Apache-2.0
// A task as its server shows it, in the spelling of either revision.
//
// Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "longhaul/tool_call.hpp"

namespace longhaul::remote {

struct task_view {
  std::string id;
  task_status status = task_status::working;
  std::string message = {};
  std::optional<double> done = std::nullopt, total = std::nullopt;  ///< read out of the message
  timestamp created{};
  std::optional<milliseconds> ttl = std::nullopt;  ///< since its creation; null: for ever
  std::optional<milliseconds> poll_interval = std::nullopt;
  std::vector<asked_question> questions = {};
  raw_json result = {}, error = {};
};

/// Null: this is no task.
std::optional<task_view> read_task(json::value task);
/// Of `inputRequests`, an object by key.
std::vector<asked_question> read_questions(json::value requests);
/// ISO 8601 in UTC, as servers write it; null: it is none.
std::optional<timestamp> read_time(std::string_view text);
/// "halfway (5 of 10)", "5 of 10": how ours say progress of tasks where no notification can.
/// Becomes figures, and the text without them.
void read_progress(std::string_view message, task_view& into);

}  // namespace longhaul::remote
