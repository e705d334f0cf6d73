// SPDX-License-Identifier: Apache-2.0
// A tool: what a host is told about it, how it runs, and its handler without types.
// `typed_tool.hpp` turns a function over a described struct into one of these.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "longhaul/feature.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task.hpp"
#include "longhaul/task_context.hpp"

namespace longhaul {

/// When a call of the tool becomes a task.
enum class task_policy : std::uint8_t {
  never,      ///< always answered directly; nothing is stored ("forbidden" in 2025-11-25)
  automatic,  ///< a task where the caller knows tasks, else it waits ("optional")
  always      ///< only as a task ("required")
};

/// Hints for hosts; MCP "ToolAnnotations". Absent ones are not sent.
struct tool_annotations {
  std::optional<bool> read_only = std::nullopt;
  std::optional<bool> destructive = std::nullopt;
  std::optional<bool> idempotent = std::nullopt;
  std::optional<bool> open_world = std::nullopt;
};

/// What was answered so far, by key.
using given_answers = std::map<std::string, question_reply, std::less<>>;
/// Questions that come before a task: of the arguments, and of what is answered so far.
using preflight_questions =
    std::function<named_questions(const raw_json& arguments, const given_answers& so_far)>;

struct tool_options {
  std::string name = {};         ///< 1–128 of [A-Za-z0-9_.-], unique
  std::string title = {};        ///< for people; may be empty
  std::string description = {};  ///< for the model: what it does, when to use it
  task_policy policy = task_policy::automatic;
  /// With `automatic` on the modern wire: answer directly if done within this time.
  std::chrono::milliseconds inline_wait{0};
  longhaul::on_crash on_crash = longhaul::on_crash::fail;
  std::size_t max_running = 0;  ///< calls that run at once; 0: only the server's own limit
  /// Which ends of an attempt are followed by another one, which has the checkpoint and the answers
  /// of those before. Without effect where no attempt is left: the task ends as it would have.
  longhaul::retry_on retry_on = longhaul::retry_on::nothing;
  /// Of `on_crash::rerun`, `retry_on` and `retry_later` together.
  std::uint32_t max_attempts = defaults::max_attempts;
  /// What lies between two attempts: doubled with each, up to the second, and of that a random
  /// share. After a crash, the whole of it.
  std::chrono::milliseconds retry_backoff = defaults::retry_backoff;
  std::chrono::milliseconds retry_backoff_max = defaults::retry_backoff_max;
  /// While a call is worked on, a second one of the same caller with the same arguments (whatever
  /// the order of their members and the form of their numbers) is that call: both get its result.
  bool unique = false;
  /// … and for so long after its end, unless it was cancelled. Not longer than it is kept.
  std::chrono::milliseconds unique_for{0};
  /// Tasks of this tool that run at once in all processes that share the store; 0: no limit. Calls
  /// beyond it wait.
  std::size_t concurrency = 0;
  /// Then it counts for each value of this key by itself: a text in which `{name}` stands for the
  /// argument of that name (`{{` and `}}` for braces), as "{database}". Empty: all calls together.
  std::string concurrency_key = {};
  std::optional<std::chrono::milliseconds> attempt_limit = std::nullopt;
  std::optional<std::chrono::milliseconds> overall_limit = std::nullopt;
  std::optional<std::chrono::milliseconds> answer_within = std::nullopt;
  /// How long an attempt may give no sign of life: no progress, status, checkpoint, log line or
  /// question, nor `task_context::alive`. It fails then. While a question is open it does not
  /// count.
  std::optional<std::chrono::milliseconds> stall_limit = std::nullopt;
  /// How long a call usually takes: shown as the total of its time, where the tool has no figures
  /// of its own, and followed by the polling interval that clients are told.
  std::optional<std::chrono::milliseconds> expected = std::nullopt;
  /// How long a finished task is kept if the caller does not say; null: the server's default,
  /// `milliseconds::max()`: for ever, as far as the server allows.
  std::optional<std::chrono::milliseconds> retention = std::nullopt;
  /// How long what belongs to the work behind a plain call (captured output) can be read after the
  /// call was answered; null: it goes at once.
  std::optional<std::chrono::milliseconds> plain_retention = std::nullopt;
  /// How often clients are told to look; null: as follows from `expected`, else every second.
  std::optional<std::chrono::milliseconds> poll_interval = std::nullopt;
  tool_annotations annotations = {};
  /// The handler may hand the work to somebody else and return `external{}`: the task then stays
  /// working, holds no slot, and is finished by id and completion token (`server::tasks`). Follows
  /// from the function's type; to be said only for one that returns a `handler_result`.
  bool external = false;
  /// Of a coroutine handler with the policy `never`: it neither blocks nor computes or waits for
  /// long, so its calls run where their requests are read, without a hand-over to another thread
  /// and without a slot (but for `max_running` of its own); no more run so at once than the
  /// server's `max_running`, others wait for a slot. One that takes long delays the requests of
  /// others; questions, progress, limits and cancelling work as ever. Refused
  /// (`std::invalid_argument`) for blocking handlers, other policies and `external`.
  bool quick = false;
  /// It keeps its slot while it asks: its work goes on meanwhile, as that of a program does.
  bool keeps_slot = false;
  /// What a client must have declared for its calls to be taken: others are refused before anything
  /// starts (2026-07-28: −32021, which names what is missing; before: −32602).
  std::vector<client_capability> requires_capabilities = {};
  /// Questions that are settled before the work begins. A function of the arguments, as they were
  /// accepted, and of the answers so far; it returns what is to be asked next, and nothing once all
  /// is known. The handler reads an answer by asking the same question under its key. A client of
  /// 2026-07-28 is asked before there is a task, or anything else to remember; every other one in
  /// the task, or on the stream of the call, before the handler starts. It must have no effects and
  /// not block: it is called again at each step. What it throws counts as thrown by the handler.
  /// `preflight<Args>(f)` makes one of a function over the arguments' struct.
  preflight_questions preflight = {};
  /// Who may see and call the tool, by owner (`local`, `anonymous`, `key:<name>`, …): for everybody
  /// else it does not exist. Any thread; must not block. Empty: everybody. When its answers change
  /// while the server runs, `server::tools_changed` tells the callers.
  visibility visible_to = {};
  std::vector<icon> icons = {};
  raw_json meta = {};  ///< `_meta` in the list of tools, an object, or absent
  /// As in `server_options`; null: as the server has it.
  std::optional<bool> strict_arguments = std::nullopt;
  std::optional<bool> links = std::nullopt;
  /// Overrides and descriptions of single members of the argument struct.
  std::vector<field_options> fields = {};
  /// For handlers of raw JSON: the schema of the arguments, an object schema.
  raw_json input_schema = {};
  raw_json output_schema = {};
};

/// Throw it for a failure that the caller's model should read: the result gets `isError: true`.
class tool_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throw it to make the attempt again, `after` so long (below 0: at once), or after `retry_backoff`
/// as the tool has it; whatever `retry_on` says. Where no attempt is left, or the call has no task
/// (policy `never` without `retry_on`), it ends with `otherwise`, or with a result that says `why`.
class retry_later : public std::runtime_error {
 public:
  explicit retry_later(const std::string& why,
                       std::optional<std::chrono::milliseconds> after = std::nullopt,
                       std::optional<outcome> otherwise = std::nullopt)
      : std::runtime_error(why), after_(after), otherwise_(std::move(otherwise)) {}
  const std::optional<std::chrono::milliseconds>& after() const noexcept { return after_; }
  const std::optional<outcome>& otherwise() const noexcept { return otherwise_; }

 private:
  std::optional<std::chrono::milliseconds> after_;
  std::optional<outcome> otherwise_;
};

/// Throw it to end a call with a JSON-RPC error (a task becomes `failed` on every wire).
class protocol_error : public std::runtime_error {
 public:
  protocol_error(int code, const std::string& message, raw_json data = {})
      : std::runtime_error(message), code_(code), data_(std::move(data)) {}
  int code() const noexcept { return code_; }
  const raw_json& data() const noexcept { return data_; }

 private:
  int code_;
  raw_json data_;
};

/// A handler's word that the work was handed to somebody else: the task stays `working` and is
/// finished by id and token (`server::tasks`, `task_engine`). `std::optional<external>` and
/// `std::variant<R, external>` are for handlers that do so only sometimes.
struct external {};

/// The arguments of one call, for one run of its handler.
class call_arguments {
 public:
  call_arguments() = default;
  call_arguments(raw_json json, std::shared_ptr<void> read = nullptr)
      : json_(std::move(json)), read_(std::move(read)) {}

  const raw_json& json() const noexcept { return json_; }
  operator const raw_json&() const noexcept { return json_; }
  /// What the `tool_definition::accept` of this very tool has made of them, for its handler to use
  /// up. Null: nobody has read them yet, as of a task that waited, or that another process
  /// accepted.
  const std::shared_ptr<void>& read() const noexcept { return read_; }

 private:
  raw_json json_;
  std::shared_ptr<void> read_;
};

/// What a handler without types returns: the outcome, or null for `external`. It may take its
/// arguments as `raw_json`.
using handler_result = std::optional<outcome>;
using blocking_handler = std::function<handler_result(task_context&, const call_arguments&)>;
using coroutine_handler =
    std::function<boost::asio::awaitable<handler_result>(task_context&, call_arguments)>;

/// A tool as the server keeps it.
struct tool_definition {
  tool_options options;
  raw_json input_schema;
  raw_json output_schema;  ///< absent: results are not structured
  /// Before anything starts: the arguments as they are meant, which are stored and given to the
  /// handler, and of those that need no change the same bytes. Throws `invalid_arguments`. May be
  /// empty: every object is accepted as it is.
  std::function<call_arguments(const raw_json& arguments, const argument_leniency&)> accept;
  std::variant<blocking_handler, coroutine_handler> handler;
};

}  // namespace longhaul
