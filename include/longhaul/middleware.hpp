// SPDX-License-Identifier: Apache-2.0
// Middleware: hooks around every call of a tool, a prompt, a resource or a completion, and before
// every request about a task. `server::use` adds one; ours for audits and rates are `audit_log.hpp`
// and `rate_limit.hpp`.
//
//   request ──► on_call ──► arguments checked ──► (task) ──► handler ──► on_result ──► kept, sent
//                  │ throws                                                  │
//                  └──► refused ────────────────────► on_end ◄──────────────┘ or cancelled, lost, …
//
// Several are called in the order in which they were added; `on_result` in the opposite one.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "longhaul/log.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/task.hpp"
#include "longhaul/task_context.hpp"

namespace longhaul {

/// What is called. A `task` request is one about a task that exists: its name is `get`, `answer`,
/// `cancel`, `list` or `result`. An `extension` call is one of a method of an extension.
enum class call_kind : std::uint8_t { tool, prompt, resource, completion, task, extension };
/// "tool", "prompt", …
std::string_view to_string(call_kind kind) noexcept;

/// Which feature is called. Views are valid during the hook.
struct called_feature {
  call_kind kind = call_kind::tool;
  /// Of the tool, of the prompt; the URI of the resource, or its template; the feature whose
  /// argument is completed (`prompts/greeting`).
  std::string_view name = {};
  /// The URI that is read, the argument that is completed, the id of the task; else empty.
  std::string_view subject = {};
};

/// A call that has just come. Nothing is done for it yet.
struct arriving_call : called_feature {
  caller_info caller = {};
  std::string_view quota = {};  ///< whom its use counts against; an address, of anonymous callers
  const raw_json& arguments;    ///< as they came, not checked; may be absent

  /// A member of the request's `_meta`; absent if it is not there.
  virtual raw_json meta(std::string_view key) const = 0;
  /// Sets a member of what is kept of `_meta`: the handler reads it (`task_context::request_meta`),
  /// in a task also after a crash. An absent value takes the member away. Ignored for requests
  /// about tasks. Throws `std::length_error` beyond 16 KiB in all.
  virtual void set_meta(std::string_view key, raw_json value) = 0;

 protected:
  explicit arriving_call(const raw_json& given) : arguments(given) {}
  ~arriving_call() = default;
};

/// A call whose handler has said how it ends; nobody has been told yet.
struct answered_call : called_feature {
  task_context& context;      ///< of the run: caller, id, attempt, trace
  const raw_json& arguments;  ///< as they were accepted
};

enum class call_end : std::uint8_t {
  completed,
  tool_error,  ///< a result with `isError: true`
  failed,      ///< a JSON-RPC error: thrown, past a limit, lost with its process
  cancelled,
  refused  ///< no handler ran
};
std::string_view to_string(call_end end) noexcept;

/// A call that is over.
struct ended_call : called_feature {
  std::string_view owner = {};
  std::string_view task = {};  ///< its id, or that of the work behind a plain call; may be empty
  const raw_json* arguments = nullptr;  ///< null where they are not at hand (large ones of a task)
  call_end end = call_end::completed;
  std::string_view words = {};        ///< why it failed or was refused; may be empty
  std::chrono::milliseconds took{0};  ///< since its request, waiting included
  std::uint32_t attempts = 0;         ///< how often its handler began
};

/// Throw it in `on_call` to refuse a call for now: the caller gets error 31004 with `retryAfterMs`.
class busy_error : public std::runtime_error {
 public:
  busy_error(const std::string& message, std::chrono::milliseconds retry_after)
      : std::runtime_error(message), retry_after_(retry_after) {}
  std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }

 private:
  std::chrono::milliseconds retry_after_;
};

/// Hooks are called on many threads at once.
class middleware {
 public:
  virtual ~middleware() = default;

  /// `run` begins. `log` is that of the server; it may be kept.
  virtual void on_start(const log_sink& log) { static_cast<void>(log); }

  /// A call came. It may be refused by throwing: `busy_error`; `protocol_error`: that JSON-RPC
  /// error; `tool_error`: a result with `isError: true` where a tool was called, else an error.
  /// Anything else is an internal error, whose text goes to the log alone. A call that is repeated
  /// with answers before its work began comes again. On the thread that reads requests: it must not
  /// block.
  virtual void on_call(arriving_call& call) { static_cast<void>(call); }

  /// The handler has returned, or what it threw means `result`, which may be changed: the body is a
  /// result of the feature (`CallToolResult`, …), or a JSON-RPC error. What this throws counts as
  /// thrown by the handler. On the handler's thread. Not called for work that others finish
  /// (`external`), nor for what never reaches its handler's end.
  virtual void on_result(const answered_call& call, outcome& result) {
    static_cast<void>(call);
    static_cast<void>(result);
  }

  /// A call is over, however it ended; of a task this may be in another process than its beginning.
  /// Not called for requests about tasks. On any thread: it must not block. What it throws is
  /// logged.
  virtual void on_end(const ended_call& call) { static_cast<void>(call); }
};

/// Sets a member of the `_meta` of a result, or of the `data` of an error; an absent value takes it
/// away.
/// Throws `std::invalid_argument` if `data` is there and is no object.
void set_result_meta(outcome& result, std::string_view key, const raw_json& value);

}  // namespace longhaul
