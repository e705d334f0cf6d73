// SPDX-License-Identifier: Apache-2.0
// A call of a tool that is under way at some server, and what it comes to. It does not matter how
// the server carries it out: at once, as a task of either revision, with questions on the way.
//
// Threads: `tool_call` any, also behind the end of its client; the rest are plain values. Callbacks
// run on a thread of the client's own, one after the other, and may block: nothing waits for them
// but later callbacks, and the end of the client. What they throw is dropped; a question whose
// handler throws is refused.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/client_error.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task.hpp"

namespace longhaul {

/// What a tool gave: a `CallToolResult`, as it came.
class tool_reply {
 public:
  tool_reply() = default;
  explicit tool_reply(raw_json json) : json_(std::move(json)) {}

  const raw_json& json() const noexcept { return json_; }
  /// The tool says that it failed.
  bool is_error() const;
  /// All texts of `content`, a line each.
  std::string text() const;
  /// Absent: there is none.
  raw_json structured() const;
  /// Reads the structured content, or else the text as JSON. Throws `invalid_arguments`,
  /// `invalid_json`.
  template <class T>
  T as() const {
    const raw_json value = structured();
    return from_json<T>(value ? value : raw_json::parse(text()), "result");
  }
  /// `uri` of each `resource_link` of `content`: `client::read_resource` reads it.
  std::vector<std::string> links() const;

 private:
  raw_json json_;
};

/// Where a task is, for whoever takes it up later, in another process.
struct task_handle {
  std::string server;  ///< URL, or the command as one text: for people
  std::string id;
  std::string version;  ///< revision of the protocol that it was made in: "2026-07-28"
  std::string tool;
  timestamp created{};
  std::optional<timestamp> expires = std::nullopt;  ///< the server may forget it then; null: never
};

/// A question of the server, while the call waits.
struct asked_question {
  std::string key;
  std::string method;  ///< `elicitation/create`, `sampling/createMessage`, `roots/list`
  raw_json params;
  std::string task;           ///< its id; empty: of a plain call
  std::stop_token withdrawn;  ///< nobody waits for the answer any more
};
/// Null: it is not answered here. A task keeps it open; a plain call is told that it was refused.
using question_handler = std::function<std::optional<question_reply>(const asked_question&)>;

/// What a form comes to that is submitted as it stands: an object of the defaults of its members.
/// `question`: an `elicitation/create`.
raw_json form_defaults(const asked_question& question);

/// How a call stands.
struct call_state {
  task_status status = task_status::working;
  std::string message = {};
  std::optional<double> done = std::nullopt, total = std::nullopt;
  std::string task = {};  ///< its id; empty: there is none so far
  bool connected = true;  ///< false: the server has not answered since; it is tried again

  friend bool operator==(const call_state&, const call_state&) = default;
};

struct call_options {
  /// Each change, the first when a task has been made. Of those that come much faster than this
  /// returns, some are left out, never the last.
  std::function<void(const call_state&)> on_change = {};
  /// Instead of the client's.
  question_handler on_question = {};
  /// How long this may take in all; null: for ever. What is a task goes on without its caller.
  std::optional<milliseconds> time_limit = std::nullopt;
  /// How long a task should be kept, where callers may say so (2025-11-25).
  std::optional<milliseconds> ttl = std::nullopt;
  /// For servers that know it (`_meta["longhaul.dev/idempotency-key"]`): the same call twice is one
  /// piece of work. Empty: a random one. Where the server says that it knows keys, a call whose
  /// connection broke is sent again, for 15 s after the server was last there.
  std::string idempotency_key = {};
  /// False: as a caller that knows no tasks.
  bool tasks = true;
  /// A question that nobody here answers ends the wait; false: somebody else may answer it.
  bool leave_questions = true;
};

/// How far it came.
struct call_outcome {
  /// completed, failed, cancelled; `input_required`: it waits for an answer that nobody here gives;
  /// `working`: it goes on without us (`detach`, a time limit).
  task_status status = task_status::completed;
  tool_reply result = {};    ///< completed
  int error_code = 0;        ///< failed
  std::string message = {};  ///< failed: why; else what was last said
  raw_json error_data = {};
  std::optional<task_handle> task = std::nullopt;
  std::vector<asked_question> questions = {};  ///< input_required
  bool timed_out = false;                      ///< working: `time_limit` is over

  /// The result. Throws `client_error` for every other end.
  const tool_reply& value() const;
};

class call_driver;

class tool_call {
 public:
  explicit tool_call(std::shared_ptr<call_driver> driver) : driver_(std::move(driver)) {}

  /// Until it has ended, or is left. Any number of times. Throws `client_error`.
  call_outcome wait() const;
  boost::asio::awaitable<call_outcome> async_wait() const;
  /// Waits no longer than this. False: it has not ended.
  bool wait_for(milliseconds time) const;
  bool ended() const;

  /// A task: asks the server to stop it, and waits on for its end. While the server may still make
  /// one of the call, it has two seconds to say so. A plain call is given up, which
  /// tells the server so; if its connection broke before, what became of it is not known, and
  /// `wait` throws `lost`. Does not block.
  void cancel() const;
  /// Ends the wait here: a task goes on. Does not block. A plain call cannot be detached and is
  /// cancelled: `handle` tells which it is.
  void detach() const;

  call_state state() const;
  /// Null: it is no task, or not yet.
  std::optional<task_handle> handle() const;

 private:
  std::shared_ptr<call_driver> driver_;
};

}  // namespace longhaul
