// SPDX-License-Identifier: Apache-2.0
// The task engine as a library, without any server: durable-by-design tasks that are created,
// followed, asked, answered, finished and cancelled, by handlers here or by whoever holds a task's
// id and completion token.
//
// Threads: every function may be called from any thread that may block, never from a handler
// coroutine or another I/O thread; `async_wait` is for those. All of them may throw
// `std::runtime_error` if the store fails.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/elicitation.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/store.hpp"
#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul {

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

struct task_engine_options {
  /// Where tasks are kept; null: in memory, as long as the engine lives.
  std::shared_ptr<stores::store> store = {};
  const clock_source* clock = &system_clock();
  std::size_t max_running = defaults::max_running;
  std::size_t max_open_per_owner = defaults::max_open_per_owner;
  byte_limits limits = {};
  std::optional<milliseconds> retention = std::chrono::hours(24);  ///< null: for ever
  std::optional<milliseconds> max_retention = std::chrono::hours(24 * 30);
  /// No housekeeping by itself: limits and retention are looked at in `remove_expired` only.
  bool manual = false;
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
  change what = change::applied;
  task_ptr task;
};

class task_engine {
 public:
  explicit task_engine(const task_engine_options& options = {});
  /// Requests stop on every handler and waits for them.
  ~task_engine();
  task_engine(const task_engine&) = delete;
  task_engine& operator=(const task_engine&) = delete;

  // --- tools, before `start`
  template <class Handler>
  void add_tool(tool_options options, Handler handler) {
    add_tool(make_tool(std::move(options), std::move(handler)));
  }
  void add_tool(tool_definition tool);
  /// Begins to work. Required before anything else.
  void start();

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
    std::vector<task_ptr> tasks;  ///< newest first
    std::optional<std::string> next_cursor;
  };
  /// Throws `std::invalid_argument` for a cursor that is not one of a page.
  page list(std::string_view owner, std::optional<task_status> status = std::nullopt,
            std::string_view cursor = {}, std::size_t limit = 50);
  /// Waits until the task is terminal, at most `limit`; its state then (null: no such task).
  task_ptr wait(std::string_view owner, std::string_view id,
                std::optional<std::chrono::milliseconds> limit = std::nullopt);
  boost::asio::awaitable<task_ptr> async_wait(std::string owner, std::string id);
  /// Answers open questions: key and `ElicitResult` object.
  change_reply answer(std::string_view owner, std::string_view id,
                      const std::vector<std::pair<std::string, raw_json>>& answers);
  /// Ends the task as cancelled and raises its handler's stop token.
  change_reply cancel(std::string_view owner, std::string_view id, std::string_view reason = {});
  /// How long it is kept once terminal; null: for ever.
  change_reply set_retention(std::string_view owner, std::string_view id,
                             std::optional<milliseconds> retention);

  // --- whoever does the work of an external task
  change_reply report(std::string_view id, std::string_view token, progress_state progress,
                      std::string_view message = {});
  change_reply ask(std::string_view id, std::string_view token,
                   const std::vector<std::pair<std::string, elicitation>>& questions);
  change_reply complete(std::string_view id, std::string_view token, const outcome& result);
  change_reply fail(std::string_view id, std::string_view token, int code,
                    std::string_view message);

  // --- everybody
  /// Calls `on_change` with every new state until the returned handle is destroyed; from threads of
  /// the engine's callers, maybe late, maybe twice: compare `rev`. It must not block.
  using watch_handle = std::shared_ptr<void>;
  [[nodiscard]] watch_handle watch(std::string_view id,
                                   std::function<void(const task_ptr&)> on_change);
  /// Applies limits and removes tasks whose retention is over; how many were removed.
  std::size_t remove_expired();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace longhaul
