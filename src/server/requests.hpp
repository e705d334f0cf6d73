// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the server: neutral requests and neutral replies, without any revision of the
// protocol. The wire turns messages into these and back.
//
// Plain values; no function here does anything.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/caller.hpp"
#include "json/view.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/stores/store.hpp"
#include "longhaul/task.hpp"
#include "server/questions.hpp"
#include "tasks/submission.hpp"

namespace longhaul::serving {

template <class T>
using awaitable = boost::asio::awaitable<T>;

struct tool_entry;

using auth::caller;

/// Why a request was refused. The wire chooses the code, the server the words.
enum class refusal : std::uint8_t {
  unknown_tool,
  invalid_arguments,   ///< `message` is for the model
  task_forbidden,      ///< the tool's policy is `never`, a task was demanded
  task_required,       ///< the tool's policy is `always`, the caller cannot have a task
  missing_capability,  ///< the caller did not declare what the tool requires: `missing`
  unknown_task,        ///< unknown, foreign or expired: one answer
  already_terminal,    ///< cancel of a finished task
  unknown_resource,    ///< unknown, foreign or expired: one answer
  bad_cursor,
  bad_resume,  ///< a resumed call whose task is gone or does not fit
  bad_answer,  ///< an answer does not fit its question; `message` names the place
  busy,        ///< a bound is reached; try again after `retry_after`
  idempotency_conflict,
  not_repeatable,  ///< whether the call was carried out before cannot be known any more
  shutting_down,
  abandoned,  ///< the caller left: nobody reads this reply
  declined,   ///< by middleware, with a code of its own
  internal    ///< a failure of the machine: the log has its text, beside `error_id`
};
struct refused {
  refusal why = refusal::internal;
  std::string message = {};
  std::chrono::milliseconds retry_after{0};  ///< for `busy`
  std::string_view bound = {};  ///< for `busy`: the setting that refused, or empty; static storage
  std::string error_id = {};    ///< for `internal`
  question_modes missing = {};  ///< for `missing_capability`
  int code = 0;                 ///< for `declined`; 0: the message is for the model
  raw_json data = {};           ///< for `declined`: of the error, or absent
  bool begun = false;           ///< there was work behind it, which has an end of its own
};
template <class T>
using reply = std::variant<T, refused>;

/// How the caller wants a call to be answered.
enum class call_mode : std::uint8_t {
  wait,             ///< the reply is the result
  may_become_task,  ///< the tool's policy decides (tasks extension)
  as_task           ///< a task at once (2025-11-25 `params.task`)
};

/// How a question of the handler reaches a caller that waits for the result.
enum class asking : std::uint8_t {
  impossible,  ///< it cannot be asked: the call ends with a tool error that says so
  on_stream,   ///< `audience::question` sends it; the answer comes through `update`
  by_reply     ///< the reply is `needs_input`; the caller calls again with `resume`
};

struct call_request {
  std::string tool;
  /// The tool, if it was looked up already: the dispatcher does not look again.
  std::shared_ptr<const tool_entry> entry = {};
  raw_json arguments;  ///< an object, or absent: no arguments
  raw_json meta;       ///< what is kept of `_meta` of the request, or absent
  /// All of it, as long as the request is answered; for middleware.
  json::value whole_meta = {};
  call_mode mode = call_mode::wait;
  /// The caller knows no tasks in a way that matters for `always` tools: run them plainly
  /// (revisions before tasks).
  bool plain_for_always = false;
  /// Arguments that break the schema make a task that failed instead of a refusal.
  bool invalid_makes_task = false;
  /// What the caller wants as retention: nothing said / unlimited / a duration.
  bool retention_given = false;
  std::optional<milliseconds> retention = std::nullopt;
  std::string idempotency_key;
  /// It is repeated; null: it is not.
  std::optional<tasks::sent_before> first_sent = std::nullopt;
  /// It only ends the work of its key.
  bool cancels() const noexcept { return first_sent && first_sent->cancelled; }
  asking ask = asking::impossible;
  question_modes modes = {};
  /// Answers given in advance: applied to questions of these keys when they come.
  std::vector<stores::response> answers;
  /// What was settled before there is a task (`tool_options::preflight`).
  std::shared_ptr<const task_inputs> settled = nullptr;
  /// Id of the hidden task that an earlier `needs_input` reply was about.
  std::string resume;
};

/// The caller gets a task's id instead of a result.
struct created_task {
  task_ptr task;
  std::chrono::milliseconds poll_interval{0};
};
/// Questions are open; call again with their answers, and with `resume`, or, where nothing has
/// begun and there is no task, with the answers that were given before.
struct needs_input {
  task_ptr task;
  std::vector<stores::question> before = {};  ///< without a task: what is open
  task_inputs given = {};                     ///< … and what was answered
};
using call_reply = std::variant<outcome, created_task, needs_input, refused>;

/// A task as it is shown.
struct task_view {
  task_ptr task;
  std::chrono::milliseconds poll_interval{0};  ///< that its tool suggests
  std::string waits = {};  ///< why it does not move, in place of its own line; empty: that stands
};
struct task_page {
  std::vector<task_view> tasks;
  std::optional<std::string> next_cursor = std::nullopt;
};

}  // namespace longhaul::serving
