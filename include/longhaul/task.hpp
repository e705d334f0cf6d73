// SPDX-License-Identifier: Apache-2.0
// The one neutral task record, whatever the wire: its immutable origin and its changing state.
// A `task_record` is a snapshot: it never changes, and readers share it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/clock.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul {

/// Lifecycle of a task; the last three are terminal and final.
/// MCP 2025-11-25 "Task Status Lifecycle", tasks extension "Task Status".
enum class task_status : std::uint8_t { working, input_required, completed, failed, cancelled };

constexpr bool is_terminal(task_status s) noexcept { return s >= task_status::completed; }

/// The name on the wire: "working", "input_required", "completed", "failed", "cancelled".
std::string_view to_string(task_status status) noexcept;
std::optional<task_status> parse_task_status(std::string_view name) noexcept;

/// What becomes of a task whose process died: `fail` ("executor lost, outcome unknown") or `rerun`.
enum class on_crash : std::uint8_t { fail, rerun };

/// Which ends of an attempt are not yet the end of the task, as long as attempts are left.
enum class retry_on : std::uint8_t {
  nothing = 0,
  error = 1,    ///< a result that says `isError`, or a JSON-RPC error
  timeout = 2,  ///< `attempt_limit` has passed
  stall = 4,    ///< `stall_limit` has passed
  any = 7
};
constexpr retry_on operator|(retry_on a, retry_on b) noexcept {
  return static_cast<retry_on>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(retry_on all, retry_on one) noexcept {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

/// How far work has come; `done` only grows while an attempt runs. Units are the tool's own.
struct progress_state {
  double done = 0;
  std::optional<double> total = std::nullopt;
  friend bool operator==(const progress_state&, const progress_state&) = default;
};

/// SHA-256.
using digest = std::array<std::uint8_t, 32>;

/// One boot of one process, random.
struct process_id {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const process_id&, const process_id&) = default;
};

/// How a task ended. `body` is the result object of the request (`CallToolResult`), or, if
/// `is_protocol_error`, a JSON-RPC error object with `code`, `message` and maybe `data`.
struct outcome {
  raw_json body;
  bool is_error = false;           ///< the result says `isError: true`
  bool is_protocol_error = false;  ///< `body` is a JSON-RPC error

  static outcome result(raw_json body, bool is_error = false);
  /// A result with `isError: true` and this text, for the caller's model to read.
  static outcome tool_error(std::string_view text);
  /// `data` may be absent. The message reaches the caller: no secrets in it.
  static outcome protocol_error(int code, std::string_view message, const raw_json& data = {});
};

/// A question to the caller. `key` is unique for the task's life.
struct task_input {
  std::string key;
  raw_json request;  ///< `{"method":"elicitation/create","params":{…}}`
  digest request_hash{};
  raw_json response;  ///< absent until answered
  std::uint64_t asked_rev = 0;
  /// Absent: it was answered with the call itself, or written by a version that did not keep this.
  std::optional<timestamp> asked_at = std::nullopt;
  std::optional<timestamp> answered_at = std::nullopt;
};
using task_inputs = std::vector<task_input>;

/// An attempt that is over, and was not the last one.
struct task_attempt {
  std::uint32_t number = 1;
  std::optional<process_id> process = std::nullopt;  ///< who ran it
  timestamp began_at{}, ended_at{};
  std::string how;  ///< "exit code 75", "executor lost, outcome unknown", "handed back", …
};
/// In their order.
using task_attempts = std::vector<task_attempt>;

/// What is known at creation and never changes afterwards.
struct task_origin {
  std::string id;     ///< 36 characters, sorts by creation time, cannot be guessed
  std::string owner;  ///< who may see it: `local`, `anonymous`, `key:<name>`, issuer + subject
  std::string quota;  ///< whom its use is counted against; the owner, or an address if anonymous
  std::string tool;
  raw_json arguments;  ///< an object
  /// What is kept of the creating request's `_meta` (progress token, trace), or absent.
  raw_json request_meta;
  timestamp created_at{};
  std::string idempotency_key;  ///< empty: none
  digest arguments_hash{};
  on_crash crash_policy = on_crash::fail;
  longhaul::retry_on retry_on = longhaul::retry_on::nothing;
  std::uint32_t max_attempts = 3;                             ///< whatever they ended with
  milliseconds retry_backoff{1000};                           ///< doubled at each attempt …
  milliseconds retry_backoff_max = std::chrono::minutes(10);  ///< … up to this
  /// While an unfinished task of the same owner and tool has it, there is no second one. Null:
  /// there may be.
  std::optional<digest> unique_hash = std::nullopt;
  milliseconds unique_for{0};  ///< the same for so long after its end
  /// Tasks of the same tool that have the same one are counted together against the limit on how
  /// many run at once (`claim_request::concurrency`). Null: this one is not counted.
  std::optional<std::string> concurrency_key = std::nullopt;
  std::optional<milliseconds> attempt_limit = std::nullopt;  ///< running time of one attempt
  std::optional<milliseconds> overall_limit = std::nullopt;  ///< running time in all
  std::optional<milliseconds> answer_within = std::nullopt;  ///< how long a question stays open
  /// How long an attempt may give no sign of life. Whoever runs it sees to that, not the store.
  std::optional<milliseconds> stall_limit = std::nullopt;
  std::optional<milliseconds> expected = std::nullopt;  ///< how long it usually takes
  std::string retry_of;   ///< the finished task that it repeats, by hand; empty: none
  bool external = false;  ///< finished from outside by id and token; never claimed
  std::string token;      ///< completion token of an external task
};

/// A snapshot of a task.
struct task_record {
  std::shared_ptr<const task_origin> origin;

  task_status status = task_status::working;
  bool hidden = false;  ///< works behind a plain call: its id was never handed out
  /// Large parts were left in the store: arguments and metadata, in a list all that is large. Pages
  /// and states that changes tell of may be so; what `get` reads and a handler sees is whole.
  bool abridged = false;
  std::string status_message;
  std::optional<progress_state> progress = std::nullopt;
  std::uint64_t rev = 1;      ///< +1 on every stored change
  bool ends = false;          ///< this very change ended it; not stored
  std::uint64_t epoch = 0;    ///< +1 on every claim; 0: not yet started
  std::uint32_t attempt = 0;  ///< how often it started
  timestamp began_at{};       ///< when it last started
  /// The attempts before, the newest `rules::attempts_kept` of them; null: none.
  std::shared_ptr<const task_attempts> attempts = nullptr;
  monotonic_time run_at{};  ///< earliest next start
  timestamp updated_at{};
  std::optional<milliseconds> retention =
      std::nullopt;  ///< kept so long once terminal; null: for ever

  // Running-time limits: what is left of each since `anchor`, counted on the monotonic clock and
  // only while it applies (`limit_due`).
  monotonic_time anchor{};
  std::optional<milliseconds> attempt_left = std::nullopt;
  std::optional<milliseconds> overall_left = std::nullopt;
  std::optional<milliseconds> answer_left = std::nullopt;

  outcome result;                             ///< written once, with status completed or failed
  std::shared_ptr<const task_inputs> inputs;  ///< null: none were ever asked
  raw_json checkpoint;
  std::optional<timestamp> cancel_requested_at = std::nullopt;
  std::string cancel_reason;
  std::optional<process_id> process = std::nullopt;  ///< who runs it

  const std::string& id() const noexcept { return origin->id; }
  const std::string& owner() const noexcept { return origin->owner; }
  const std::string& tool() const noexcept { return origin->tool; }
  bool terminal() const noexcept { return is_terminal(status); }
};

/// A shared immutable snapshot; null where there is no such task (for this caller).
using task_ptr = std::shared_ptr<const task_record>;

/// The input stored under `key`, or null.
const task_input* find_input(const task_record& task, std::string_view key) noexcept;
/// True if a question is open.
bool has_open_input(const task_record& task) noexcept;

/// The time-to-live that is shown, counted from creation; null means unlimited. Terminal:
/// `updated_at + R − created_at`. Else R until R/2 has passed, then growing in steps of R, so that
/// it reaches at least R/2 ahead of `now`: clients may give a task up at `created_at + ttl`.
std::optional<milliseconds> shown_ttl(const task_record& task, timestamp now) noexcept;

}  // namespace longhaul
