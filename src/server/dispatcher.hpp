// SPDX-License-Identifier: Apache-2.0
// Neutral requests in, neutral replies out: what a host wants of the server, without any revision
// of the protocol. The wire turns messages into these and back; nothing here knows a protocol
// version, a JSON-RPC code of the wire, or a socket.
//
// Threads: any; an operation runs on the awaiting coroutine's executor, which is the exchange's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"
#include "server/exchange.hpp"
#include "server/fallback_tools.hpp"
#include "server/outputs.hpp"
#include "server/pace.hpp"
#include "server/registry.hpp"
#include "stores/store.hpp"
#include "tasks/engine.hpp"

namespace longhaul::serving {

template <class T>
using awaitable = boost::asio::awaitable<T>;

/// Who asks. Tasks belong to `owner`; use is counted against `quota`.
struct caller {
  std::string owner;        ///< `local`, `anonymous`, `key:<name>`, issuer + subject
  std::string quota;        ///< the owner; `anonymous@<address>` for unauthenticated HTTP
  bool identified = false;  ///< not anonymous: may list tasks
};

/// Why a request was refused. The wire chooses the code, the dispatcher the words.
enum class refusal : std::uint8_t {
  unknown_tool,
  invalid_arguments,  ///< `message` is for the model
  task_forbidden,     ///< the tool's policy is `never`, a task was demanded
  task_required,      ///< the tool's policy is `always`, the caller cannot have a task
  unknown_task,       ///< unknown, foreign or expired: one answer
  already_terminal,   ///< cancel of a finished task; `task` is set
  unknown_resource,   ///< unknown, foreign or expired: one answer
  bad_cursor,
  bad_resume,  ///< a resumed call whose task is gone or does not fit
  bad_answer,  ///< an answer does not fit its question; `message` names the place
  busy,        ///< a bound is reached; try again after `retry_after`
  idempotency_conflict,
  shutting_down,
  abandoned,  ///< the caller left: nobody reads this reply
  internal    ///< a failure of the machine: the log has its text, beside `error_id`
};
struct refused {
  refusal why = refusal::internal;
  std::string message;
  std::chrono::milliseconds retry_after{0};  ///< for `busy`
  std::string_view bound = {};  ///< for `busy`: the setting that refused, or empty; static storage
  task_ptr task;
  std::string error_id = {};  ///< for `internal`
};

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

/// Which questions a caller declared that it can show.
struct question_modes {
  bool form = false;
  bool url = false;
};

struct call_request {
  std::string tool;
  raw_json arguments;  ///< an object, or absent: no arguments
  raw_json meta;       ///< `_meta` of the request, or absent
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
  asking ask = asking::impossible;
  question_modes modes = {};
  /// Answers given in advance: applied to questions of these keys when they come.
  std::vector<stores::response> answers;
  /// Id of the hidden task that an earlier `needs_input` reply was about.
  std::string resume;
};

/// The caller gets a task's id instead of a result.
struct created_task {
  task_ptr task;
  std::chrono::milliseconds poll_interval{0};
};
/// Questions are open; call again with `resume` and their answers.
struct needs_input {
  task_ptr task;
};
using call_reply = std::variant<outcome, created_task, needs_input, refused>;

/// A task and the polling interval that its tool suggests.
struct task_view {
  task_ptr task;
  std::chrono::milliseconds poll_interval{0};
};
template <class T>
using reply = std::variant<T, refused>;

struct task_page {
  std::vector<task_view> tasks;
  std::optional<std::string> next_cursor = std::nullopt;
};
struct tool_page {
  std::vector<const tool_definition*> tools;
  std::optional<std::string> next_cursor = std::nullopt;
};

/// What a dialect does with what happens while a request is open. Called on the exchange's
/// executor. False: it was not taken (peer too slow), try again later.
class audience {
 public:
  virtual ~audience() = default;
  /// True: the caller asked for progress.
  virtual bool wants_progress() const { return true; }
  /// The highest figure that was sent for the token of this request, in whatever stream, where
  /// several share one; null: this stream alone counts.
  virtual std::optional<double> told() const { return std::nullopt; }
  virtual bool progress(const tasks::progress_event&) { return true; }
  virtual bool log(const tasks::log_event&) { return true; }
  /// The task's state changed; the last state is never lost.
  virtual bool changed(const task_view&) { return true; }
  /// A question opened (round 0), or is put again because its answer did not fit. Called once for
  /// each round (again only if it was not taken).
  virtual bool question(const task_record&, const task_input&, int /*round*/) { return true; }
  /// The request will wait; called at most once.
  virtual void waiting() {}
};

/// How often a question is put again whose answer does not fit, before that counts as no answer.
inline constexpr int max_rounds = 3;

struct dispatcher_options {
  /// With fallback tools: how long a call of a caller that knows no tasks waits for its result.
  std::chrono::milliseconds inline_limit{25'000};
  /// Where captured output comes from; null: there is none. Must outlive the dispatcher.
  output_source* outputs = nullptr;
  /// While work runs whose progress is wanted, something is said at least so often; zero: only what
  /// the tool says.
  std::chrono::milliseconds heartbeat{10'000};
  logger log = {};
};

class dispatcher {
 public:
  dispatcher(const registry& tools, tasks::engine& engine, dispatcher_options options = {});

  const registry& tools() const noexcept { return tools_; }
  /// The tools in registration order, `page` at a time. An absent cursor is the start.
  reply<tool_page> list_tools(std::optional<std::string_view> cursor) const;

  /// Calls a tool. `waiting` is announced before the first suspension that may take long.
  /// When the exchange is abandoned: with `cancel_on_abandon` the work behind a call whose task id
  /// was not handed out is cancelled; else it goes on.
  awaitable<call_reply> call(const caller& who, call_request request, exchange_ptr open,
                             audience& to, bool cancel_on_abandon);

  awaitable<reply<task_view>> get(const caller& who, std::string_view id);
  /// Applies answers, all or none: `bad_answer` names the first that does not fit its question, and
  /// every question stays as it is. Values must be objects (the caller of this checks).
  awaitable<reply<task_view>> update(const caller& who, std::string_view id,
                                     std::span<const stores::response> answers);
  /// Puts a question of a task again, on the streams where it was asked. `round` counts from 1.
  void ask_again(const std::string& id, const std::string& key, int round);
  awaitable<reply<task_view>> cancel(const caller& who, std::string_view id,
                                     std::string_view reason);
  awaitable<reply<task_page>> list(const caller& who, std::string_view cursor);

  /// Waits until the task is terminal; `to` hears of progress, changes and questions meanwhile.
  /// The reply is the terminal task (its `result` may be a protocol error, or it was cancelled).
  awaitable<reply<task_view>> result(const caller& who, std::string_view id, exchange_ptr open,
                                     audience& to);

  bool has_resources() const noexcept { return options_.outputs != nullptr; }
  /// Reads captured output of a task that this caller may see, one behind a plain call included.
  awaitable<reply<resource_contents>> read_resource(const caller& who, std::string_view uri);

  /// Those of `ids` that this caller may see, in their order, without repetition, with their state.
  /// They are followed by `open` from before they were read. Refused as a whole if one of them has
  /// as many followers as it may have.
  awaitable<reply<std::vector<task_view>>> follow(const caller& who,
                                                  std::span<const std::string> ids,
                                                  exchange_ptr open);
  /// Reports changes of followed tasks to `to` until the exchange is abandoned or the server stops.
  /// True: the server stops (end it gracefully).
  awaitable<bool> listen(exchange_ptr open, audience& to);

 private:
  struct wait_state;

  tasks::submission submission_for(const caller& who, const call_request& request,
                                   const tool_definition& tool) const;
  task_view view(task_ptr task) const;
  /// What a caller is told of an exception: never its text, which goes to the log.
  refused failure(const std::exception& e) const;
  awaitable<call_reply> create(const caller& who, call_request& request,
                               const registered_tool& entry, const exchange_ptr& open, audience& to,
                               bool cancel_on_abandon);
  awaitable<call_reply> resume(const caller& who, call_request& request, const exchange_ptr& open,
                               audience& to, bool cancel_on_abandon);
  /// Null: the deadline passed, or a question came that only a task can carry.
  awaitable<std::optional<call_reply>> wait_for_end(wait_state& state);
  awaitable<std::optional<call_reply>> handle_questions(wait_state& state);
  /// Makes the hidden work behind a call a task like any other.
  awaitable<call_reply> hand_out(const caller& who, const call_request& request,
                                 const tool_definition& tool, std::string id);
  awaitable<std::optional<call_reply>> use_given_answers(wait_state& state);
  awaitable<std::optional<call_reply>> give_up_unaskable(wait_state& state);
  awaitable<call_reply> answer_by_tool(const caller& who, const fallback_request& wanted);
  /// The arguments as the tool takes them; long ones are read on the pool. Throws as
  /// `registered_tool::accept` does.
  awaitable<raw_json> accept(const registered_tool& tool, raw_json arguments);
  progress_pace pace_for(const audience& to) const {
    return progress_pace(to.wants_progress() ? options_.heartbeat : milliseconds(0));
  }
  void deliver(wait_state& state, exchange::batch batch);
  progress_pace::moment moment_of(const wait_state& state) const;
  void tell_progress(wait_state& state);
  void tell_state(wait_state& state);
  /// When the wait is over, or has something to say.
  exchange::clock::time_point wake_at(wait_state& state) const;
  awaitable<call_reply> call_fallback(const caller& who, fallback_verb verb,
                                      const registered_tool& tool, call_request& request,
                                      const exchange_ptr& open, audience& to);
  bool falls_back(const call_request& request, const tool_definition& tool) const noexcept;

  const registry& tools_;
  tasks::engine& engine_;
  const dispatcher_options options_;
};

}  // namespace longhaul::serving
