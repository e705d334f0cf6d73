// SPDX-License-Identifier: Apache-2.0
// Pieces of messages that several dialects share. Each appends to one string; what is raw stays
// raw.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/task.hpp"
#include "longhaul/task_context.hpp"
#include "longhaul/tool.hpp"
#include "server/registry.hpp"
#include "tasks/follower.hpp"

namespace longhaul::wire {

/// The status message with progress folded in, for dialects without a field for it. May be empty.
std::string shown_message(const task_record& task);

/// Members that both dialects of tasks spell alike: taskId, status, statusMessage, createdAt,
/// lastUpdatedAt. `otherwise` is the message if there is none (maybe empty).
void append_task_head(json::object& into, const task_record& task, std::string_view status,
                      std::string_view otherwise = {});

/// What a revision's tool listing has.
struct tool_look {
  bool title = true;
  bool output_schema = true;
  bool any_output_root = true;  ///< false: output schemas that are no objects are wrapped
  bool task_support = false;    ///< `execution.taskSupport`
};
void append_tool(std::string& out, const tool_definition& tool, const tool_look& look);

/// `{"name":…,"version":…}`, with the title where the revision has one.
std::string server_info(const serving::server_identity& identity, bool with_title);

/// How a revision wants results of `tools/call`.
struct result_look {
  enum class structured : std::uint8_t { any, objects, none };
  std::string_view lead = {};  ///< members at the front, each with a comma behind it, or empty
  std::string_view meta = {};  ///< members for `_meta`, without braces, or empty
  structured structured_content = structured::any;
  bool resource_links = true;  ///< false: they become text
};
/// Appends a result object in that look. Bytes that need no change are spliced.
void append_result(std::string& out, std::string_view body, const result_look& look);

/// One `notifications/progress`. `meta` as in `result_look`.
std::string progress_message(json::value token, const tasks::progress_event& event,
                             std::string_view meta = {});

std::string_view to_string(log_level level) noexcept;
std::optional<log_level> parse_log_level(json::value name);

/// Appends an object's members to an object being written, but for those named.
void append_members_except(json::object& into, json::value from, std::string_view left_out,
                           std::string_view left_out_too = {});

}  // namespace longhaul::wire
