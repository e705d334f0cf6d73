// SPDX-License-Identifier: Apache-2.0
// The engine: the only writer of task state. It creates tasks, runs their handlers on three kinds
// of threads, fences them by epoch, hears of every committed change and passes it on. This is its
// front; the work is done by its parts, each in a file of its own:
//
//   a submission ──► intake ──► lanes (two stores) ◄── claimer ◄── slots        tool_source: tools
//                      │                                 │                       id_map: who runs
//                      └──────────► runs ◄───────────────┘                       hub: who follows
//                                    │                                           task_log
//   a plain call ──► direct_calls    ├──► launcher ──► handler threads, pool
//                      │             └──► reporter ──► reports and ends
//                      └──► launcher, or where the caller is
//
//   keeper ticks: lease ─ recovery ─ reporter ─ reaper ─ claimer            drain: the way out
//
// Threads: transport threads call the coroutine operations and never run user code (but that of
// quick tools). Coroutine handlers run on the handler threads, blocking ones on a pool, and one
// keeper thread ticks. With `options.manual` there is no ticking by itself: a test owns the clock
// and calls `tick`.
//
// Invariants: a slot counts until the handler really returned; a task that runs here is one that
// this process has claimed or is about to finish; what the store refuses as superseded or terminal
// stops the handler and is not tried again; what it answers with an unknown outcome is repeated
// until it is known.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/store.hpp"
#include "tasks/engine_options.hpp"
#include "tasks/hub.hpp"
#include "tasks/submission.hpp"

namespace longhaul::tasks {

template <class T>
using awaitable = boost::asio::awaitable<T>;

class operations;
class wait_words;

class engine {
 public:
  explicit engine(engine_options options);
  /// Requests stop on every handler and waits until they returned.
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Recovers what earlier processes left (of a store that others use too: once they have been gone
  /// for a lease), then begins to work. Before the first submission. Throws `stores::store_error`.
  void start();

  const clock_source& clock() const noexcept;
  const tool_source& tools() const noexcept;
  bool draining() const noexcept;

  /// A fresh id for a task of this tool.
  std::string new_id(const tool_definition& tool) const;

  // --- callers' side. Hidden tasks are seen only by `get_any` and by their own ids in `answer`,
  // `cancel` and `reveal`. All may throw `stores::store_error`.
  /// What a task of this tool gets as retention: the caller's wish within the bounds, or a default.
  std::optional<milliseconds> retention_for(const tool_definition& tool, bool wished,
                                            std::optional<milliseconds> wish) const;
  awaitable<stores::create_result> submit(const submission& work);
  awaitable<stores::create_result> submit_external(const external_submission& work);
  /// Begins a plain call of a tool that never makes tasks without a row, which its handler has only
  /// once it asks: `direct_calls.hpp` has the protocol. Null: this call needs a row, `submit` it.
  /// Else its state, which is terminal if it has ended already; `caller` is told of all that
  /// follows. Never blocks, but for a quick tool's own work. `here`: the executor of the caller.
  task_ptr run_directly(const submission& work, const std::shared_ptr<follower>& caller,
                        const boost::asio::any_io_executor& here);
  /// May be `abridged`.
  awaitable<task_ptr> get(std::string_view owner, std::string_view id);
  awaitable<task_ptr> get_whole(std::string_view owner, std::string_view id);
  awaitable<task_ptr> get_any(std::string_view owner, std::string_view id);
  awaitable<std::optional<stores::list_page>> list(std::string_view owner,
                                                   std::optional<task_status> status,
                                                   std::string_view cursor, std::size_t limit);
  /// The one door for answers: each is held against the question of its key, and stored without
  /// what was not asked for. Answers to what is not (or no longer) asked are ignored. Throws
  /// `unfit_answer` for the first that does not fit; then none is stored.
  awaitable<stores::change_result> answer(std::string_view owner, std::string_view id,
                                          std::span<const stores::response> responses);
  /// Nobody answers this question: it is dismissed, or has the client's error for an answer.
  awaitable<stores::change_result> leave_unanswered(std::string_view owner, std::string_view id,
                                                    std::string_view key, int error_code,
                                                    std::string_view message);
  awaitable<stores::change_result> cancel(std::string_view owner, std::string_view id,
                                          std::string_view reason);
  /// The same, but a hidden task is as unknown to it as one of somebody else.
  awaitable<stores::change_result> cancel_visible(std::string_view owner, std::string_view id,
                                                  std::string_view reason);
  awaitable<stores::change_result> set_retention(std::string_view owner, std::string_view id,
                                                 std::optional<milliseconds> retention);
  awaitable<stores::change_result> reveal(std::string_view owner, std::string_view id,
                                          std::optional<milliseconds> retention);

  // --- for tasks that are finished from outside, by id and completion token
  awaitable<stores::change_result> report(std::string_view id, stores::writer writer,
                                          const stores::report_change& change);
  awaitable<stores::change_result> ask(std::string_view id, stores::writer writer,
                                       std::span<const stores::question> questions);
  awaitable<stores::change_result> finish(std::string_view id, stores::writer writer,
                                          const outcome& result, std::string_view message);
  /// Those that are not finished, hidden ones included, by id: of this tool (empty: of any), behind
  /// `after`, at most `limit`.
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit);

  /// Who keeps idempotency keys: the store, and this process for what is in memory. As a text that
  /// another process, which sees it again, can judge.
  std::string keys_kept_by() const;

  /// How old the lease of this process is; null: it has none yet.
  std::optional<milliseconds> lease_age() const;
  /// What operators do.
  tasks::operations& operations() noexcept;

  /// Tells the followers that the answer to a question did not fit and it is put again, for the
  /// `round`-th time.
  void ask_again(const std::string& id, const question_event& event);
  /// Follows a task; register before reading it. Throws `too_many_followers`.
  [[nodiscard]] hub::subscription follow(const std::string& id,
                                         const std::shared_ptr<follower>& who);
  /// Why tasks wait, in lines for their callers.
  const wait_words& waits() const noexcept;
  /// Other callers wait for it, or follow it otherwise, in this process.
  bool has_callers(const std::string& id, const follower& but) const;
  /// Other processes may have the task of this id as well.
  bool is_shared(std::string_view id) const;
  /// Runs `work`, which may block, on a thread of the pool; passes its exception on.
  awaitable<void> offload(std::function<void()> work);

  /// One round of housekeeping, and followers look at the clock. Requires: `options.manual`; else
  /// it happens by itself.
  void tick();
  /// Nothing moves by itself any more before time passes, a question is answered or somebody calls:
  /// every handler has returned, pauses, or waits for an answer. Requires: `options.manual`.
  bool at_rest() const;
  /// When the first handler that pauses goes on; null: none does. Requires: `options.manual`.
  std::optional<monotonic_time> next_wake() const;
  /// Runs what waits for the thread that ticks. Not from that thread.
  void flush();
  /// Applies all limits that have passed and removes all that has expired; how many were removed.
  awaitable<std::size_t> remove_expired();

  /// Refuses new work, gives running handlers `grace`, then hands back what may run again and
  /// fails the rest ("executor lost"), stops their handlers and waits `stop_grace` for them.
  /// Blocks. A second call (from another thread) is `hurry`.
  void drain(milliseconds grace, milliseconds stop_grace);
  /// Cuts the grace of a drain short, also of one that is still to come. Any thread.
  void hurry();
  /// Ends the engine's threads; waits for every handler. Idempotent; the destructor calls it.
  void stop();

  /// Handlers that have not returned.
  std::size_t running() const;
  /// Open registrations of followers, and threads of the pool: for tests and figures.
  std::size_t followers() const;
  std::size_t pool_threads() const;
  stores::store& store() noexcept;

 private:
  struct parts;
  const std::unique_ptr<parts> parts_;
};

}  // namespace longhaul::tasks
