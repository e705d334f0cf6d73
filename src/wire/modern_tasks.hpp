// SPDX-License-Identifier: Apache-2.0
// Tasks and questions as revision 2026-07-28 and its tasks extension show them. `tasks/get` and
// notifications are written by the same function, so they cannot differ.
//
// Pure functions, and the audience of one subscription.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/write.hpp"
#include "wire/service.hpp"

namespace longhaul::wire {

/// True if this very request declares `io.modelcontextprotocol/tasks`.
bool declares_tasks(const request_meta& meta);
/// Questions that this very request declares it can show. `elicitation: {}` means forms.
serving::question_modes question_modes_of(const request_meta& meta);
/// The same out of a capabilities object, for `initialize` too. `with_url`: the revision has URLs.
serving::question_modes question_modes_in(json::value capabilities, bool with_url);
/// True if a client with these modes may be shown this question.
bool may_show(json::value request, serving::question_modes modes);

/// Members of `Task`: what a `CreateTaskResult` has.
void append_modern_task(json::object& into, const task_record& task, milliseconds poll_interval,
                        timestamp now);
/// Members of `DetailedTask`: the same, and result, error or open questions.
void append_detailed_task(json::object& into, const serving::task_view& view,
                          serving::question_modes modes, timestamp now);
/// `{"key":{"method":…,"params":…},…}` of the open questions that may be shown.
void append_input_requests(std::string& out, const task_record& task,
                           serving::question_modes modes);

/// A complete `CallToolResult` with `isError`, for the model to read.
void append_error_result(std::string& out, std::string_view message, std::string_view meta);
/// An error reply that says when to try again.
std::string busy_reply(json::value id, const serving::refused& why);
/// An error reply for a failure of the server, with the id that the log has beside its text.
std::string internal_error_reply(json::value id, const serving::refused& why);

/// `taskIds` of a subscription; absent: none. Null: not an array of strings, or too many.
std::optional<std::vector<std::string>> read_task_ids(json::value ids);
/// The result that ends a subscription.
std::string subscription_end(json::value id, std::string_view server_meta);

/// Sends what a subscription hears. MCP 2026-07-28 "Subscriptions".
class subscription_audience final : public stream_audience {
 public:
  subscription_audience(const incoming& in, const clock_source& clock);

  /// The first message. `with_tasks`: tasks were asked for. False: the client left.
  bool acknowledge(std::span<const serving::task_view> followed, bool with_tasks);
  bool changed(const serving::task_view& view) override;
  /// On pipes: that the server ends the subscription.
  void announce_end();

 private:
  void append_subscription_id(std::string& out) const;

  const clock_source& clock_;
  const serving::question_modes modes_;
};

}  // namespace longhaul::wire
