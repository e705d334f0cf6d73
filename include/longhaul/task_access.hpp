// SPDX-License-Identifier: Apache-2.0
// The tasks of an engine, or of a server that runs: created, read, waited for, answered, cancelled,
// and, where somebody else does the work, reported on and finished by id and completion token.
//
// Threads: every function may be called from any thread that may block, never from a handler
// coroutine or another I/O thread; `async_wait` is for those. All of them throw `not_running` while
// there is no engine, and may throw `std::runtime_error` if the store fails. Copies are cheap and
// mean the same engine; one may outlive it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/question.hpp"
#include "longhaul/result.hpp"
#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"

namespace longhaul {

namespace tasks {
class engine_link;
}

/// A bound is reached: nothing was created; try again later.
class engine_busy : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The idempotency key was used with other arguments before.
class idempotency_conflict : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The server does not run yet, or has stopped.
class not_running : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is to be created.
struct task_request {
  std::string owner = "local";
  std::string tool = {};  ///< a registered tool; for an external task any name
  raw_json arguments = {};
  std::string idempotency_key = {};
  std::optional<milliseconds> retention = std::nullopt;      ///< null: the engine's default
  std::optional<milliseconds> overall_limit = std::nullopt;  ///< external tasks only
  std::optional<milliseconds> answer_within = std::nullopt;  ///< external tasks only
};

/// What a change did. `task` is the state afterwards, null if there is no such task.
enum class change : std::uint8_t {
  applied,
  unchanged,  ///< it was so already
  not_found,
  already_terminal,
  superseded,  ///< the token or epoch is not the current one
  key_reused,  ///< another question was asked under this key
  busy         ///< the answers are more than the bounds in bytes allow; nothing was changed
};
struct change_reply {
  change code = change::applied;
  task_ptr task;
};

class task_access {
 public:
  // --- creating; throws `engine_busy`, `idempotency_conflict`
  /// A task of a registered tool; its handler runs here. Throws `std::invalid_argument` if there is
  /// no such tool, `invalid_arguments` if the arguments do not fit its schema.
  task_ptr submit(const task_request& request);
  /// A task without a handler: it stays `working` until somebody finishes it with its id and
  /// `task->origin->token`.
  task_ptr create_external(const task_request& request);

  // --- the owner's side
  task_ptr get(std::string_view owner, std::string_view id);
  struct page {
    std::vector<task_ptr> tasks;
    std::optional<std::string> next_cursor;
  };
  /// Newest first. Throws `std::invalid_argument` for a cursor that is not one of a page.
  page list(std::string_view owner, std::optional<task_status> status = std::nullopt,
            std::string_view cursor = {}, std::size_t limit = 50);
  /// Waits until the task is terminal, at most `limit`; its state then (null: no such task). Throws
  /// `not_running` if the engine ends meanwhile.
  task_ptr wait(std::string_view owner, std::string_view id,
                std::optional<std::chrono::milliseconds> limit = std::nullopt);
  boost::asio::awaitable<task_ptr> async_wait(std::string owner, std::string id);
  /// Answers open questions: key and `ElicitResult`, `CreateMessageResult` or `ListRootsResult`.
  /// Throws `question_error` for the first that does not fit; then none is stored.
  change_reply answer(std::string_view owner, std::string_view id,
                      const std::vector<std::pair<std::string, raw_json>>& answers);
  /// Ends the task as cancelled and raises its handler's stop token.
  change_reply cancel(std::string_view owner, std::string_view id, std::string_view reason = {});
  /// How long it is kept once terminal; null: for ever.
  change_reply set_retention(std::string_view owner, std::string_view id,
                             std::optional<milliseconds> retention);

  // --- whoever does the work of an external task: with its id and completion token
  /// External tasks that are not finished, of all owners, oldest first; of one tool, if it is
  /// named. The token of each is `task->origin->token`, what its handler saved `task->checkpoint`:
  /// what is needed to take the work up again after a restart. Plain calls are among them. Throws
  /// `std::invalid_argument` for a cursor that is not one of a page.
  page external(std::string_view tool = {}, std::string_view cursor = {}, std::size_t limit = 50);
  change_reply report(std::string_view id, std::string_view token, progress_state progress,
                      std::string_view message = {});
  /// Throws `question_error` for an empty key, `std::invalid_argument` for what nobody can be
  /// asked.
  change_reply ask(std::string_view id, std::string_view token, const named_questions& questions);
  change_reply complete(std::string_view id, std::string_view token, const outcome& result);
  /// The same with anything that a handler may return: text, content, a described struct, ….
  template <class R>
    requires(!std::same_as<R, outcome> && !detail::may_be_external<R>)
  change_reply complete(std::string_view id, std::string_view token, const R& result) {
    return complete(id, token, *detail::to_handler_result(result));
  }
  /// With a JSON-RPC error, whose message reaches the caller. What the caller's model should read
  /// is `complete(id, token, outcome::tool_error(text))`.
  change_reply fail(std::string_view id, std::string_view token, int code,
                    std::string_view message);

  // --- whoever operates the server
  /// Nothing of this tool begins any more, in no process that shares the store, also after a
  /// restart: what runs goes on, the rest waits and says so to its callers. False: it was paused
  /// already.
  bool pause(std::string_view tool);
  /// False: it was not paused.
  bool resume(std::string_view tool);
  /// The tools that are paused, and since when.
  std::map<std::string, timestamp, std::less<>> paused();
  /// The work of a task that has ended, as a new task of the same owner; its `retry_of` is the old
  /// one's id. Throws `std::invalid_argument` with the reason if there is no such task, it has not
  /// ended, or no handler of its tool is here; `engine_busy`.
  task_ptr retry(std::string_view owner, std::string_view id);
  /// Why a task (not null) waits, as its callers read it: "waiting: 3 of 3 running, 5 before it",
  /// "attempt 2 of 5 in 8 s: exit code 75". Empty: it runs, or has ended.
  std::string why_it_waits(const task_ptr& task);

  // --- everybody
  /// Calls `on_change` with every new state until the returned handle is destroyed; from threads of
  /// the engine's callers, maybe late, maybe twice: compare `rev`. It must not block.
  using watch_handle = std::shared_ptr<void>;
  [[nodiscard]] watch_handle watch(std::string_view id,
                                   std::function<void(const task_ptr&)> on_change);

 private:
  friend class server;
  friend class task_engine;
  explicit task_access(std::shared_ptr<tasks::engine_link> link) : link_(std::move(link)) {}

  std::shared_ptr<tasks::engine_link> link_;
};

}  // namespace longhaul
