// SPDX-License-Identifier: Apache-2.0
// The engine: the only writer of task state. It creates tasks, runs their handlers on three kinds
// of threads, fences them by epoch, hears of every committed change and passes it on.
//
//   submit ──► store.create (claims it too, if a slot is free) ──► start ──► handler ──► finish
//                   │ no slot                                       ▲
//                   └──► waits in the store ──► pump: store.claim ──┘
//
// Threads: transport threads call the coroutine operations and never run user code. Coroutine
// handlers run on the handler threads (each of which has an `io_context` of its own), blocking ones
// on a pool; what is to start is handed to them once for each pass of the caller's loop, because a
// hand-over costs more than everything else in the life of a short task. One keeper thread ticks:
// it writes coalesced reports, expires, purges, renews the lease, recovers and audits. With
// `options.manual` there is no ticking by itself: a test owns the clock and calls `tick`.
//
// Invariants: a slot counts until the handler really returned; a task in `running_` is one this
// process has claimed or is about to finish; what the store refuses as superseded or terminal stops
// the handler and is not tried again; what it answers with an unknown outcome is repeated until it
// is known.
//
// Tools with the policy `never` work on a second store in memory, so that one mechanism serves all
// calls; ids of that store begin with 'v'.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/tool.hpp"
#include "stores/store.hpp"
#include "tasks/blocking_pool.hpp"
#include "tasks/hub.hpp"
#include "tasks/slots.hpp"
#include "tasks/tool_source.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::tasks {

class running_task;

template <class T>
using awaitable = boost::asio::awaitable<T>;

struct engine_options {
  std::shared_ptr<stores::store> store;      ///< required
  std::shared_ptr<const tool_source> tools;  ///< required
  const clock_source* clock = &system_clock();
  std::size_t max_running = defaults::max_running;
  std::size_t max_parked = defaults::max_parked;
  std::size_t handler_threads = tunables::handler_threads;
  stores::create_bounds bounds{defaults::max_open_per_owner, defaults::max_open,
                               defaults::max_stored_per_owner, defaults::max_stored};
  byte_limits limits = {};
  /// Retention where nobody says otherwise; null: unlimited.
  std::optional<milliseconds> default_retention = tunables::default_retention;
  /// Every retention is cut to this; null: unlimited is allowed.
  std::optional<milliseconds> max_retention = tunables::max_retention;
  milliseconds lease = tunables::lease;
  milliseconds renew_every = tunables::renew_every;
  milliseconds trust_margin = tunables::trust_margin;
  milliseconds audit_every = tunables::audit_every;
  milliseconds claim_poll = tunables::claim_poll;
  milliseconds tick_interval = tunables::tick_interval;
  bool manual = false;  ///< no ticks by itself (tests)
  /// Ids of tasks that were removed for good: what lies beside the store may go, too. May be empty.
  std::function<void(const std::vector<std::string>&)> on_removed = {};
  /// Begin and end of every task, and what goes wrong in the background.
  logger log = {};
};

/// An answer that is none, or does not fit what was asked: nothing was changed. `what()` begins
/// with the place inside the answer.
class unfit_answer : public question_error {
 public:
  unfit_answer(std::string key, const std::string& what)
      : question_error(what), key_(std::move(key)) {}
  const std::string& key() const noexcept { return key_; }

 private:
  std::string key_;
};

/// What is to be created.
struct submission {
  std::string id;  ///< from `engine::new_id`, so that it can be followed before it exists
  std::string owner;
  std::string quota;
  tool_ptr tool;  ///< required
  raw_json arguments;
  raw_json meta;
  std::string idempotency_key;
  bool retention_given = false;
  std::optional<milliseconds> retention = std::nullopt;  ///< null: unlimited
  bool hidden = false;
  /// Ends at once with this outcome; no handler runs.
  std::optional<outcome> born_finished = std::nullopt;
};

/// A task that somebody else finishes.
struct external_submission {
  std::string owner;
  std::string tool;
  raw_json arguments;
  std::optional<milliseconds> retention = std::nullopt;
  std::optional<milliseconds> overall_limit = std::nullopt;
  std::optional<milliseconds> answer_within = std::nullopt;
  std::string idempotency_key;
};

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

  const clock_source& clock() const noexcept { return *options_.clock; }
  const tool_source& tools() const noexcept { return *options_.tools; }
  bool draining() const noexcept { return draining_.load(std::memory_order_relaxed); }

  /// A fresh id for a task of this tool.
  std::string new_id(const tool_definition& tool) const;

  // --- callers' side. Hidden tasks are seen only by `get_any` and by their own ids in `answer`,
  // `cancel` and `reveal`. All may throw `stores::store_error`.
  /// What a task of this tool gets as retention: the caller's wish within the bounds, or a default.
  std::optional<milliseconds> retention_for(const tool_definition& tool, bool wished,
                                            std::optional<milliseconds> wish) const;
  awaitable<stores::create_result> submit(const submission& what);
  awaitable<stores::create_result> submit_external(const external_submission& what);
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
  awaitable<stores::change_result> report(std::string_view id, stores::writer by,
                                          const stores::report_change& change);
  awaitable<stores::change_result> ask(std::string_view id, stores::writer by,
                                       std::span<const stores::question> questions);
  awaitable<stores::change_result> finish(std::string_view id, stores::writer by,
                                          const outcome& result, std::string_view message);

  /// Those that are not finished, hidden ones included, by id: of this tool (empty: of any), behind
  /// `after`, at most `limit`.
  awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                            std::size_t limit);

  /// Tells the followers that the answer to a question did not fit and it is put again, for the
  /// `round`-th time.
  void ask_again(const std::string& id, const again_event& event) { hub_.publish(id, event); }

  /// Follows a task; register before reading it. Throws `too_many_followers`.
  [[nodiscard]] hub::subscription follow(const std::string& id,
                                         const std::shared_ptr<follower>& who) {
    return hub_.follow(id, who);
  }

  /// Runs `work`, which may block, on a thread of the pool; passes its exception on.
  awaitable<void> offload(std::function<void()> work);

  /// One round of housekeeping, and followers look at the clock. Requires: `options.manual`; else
  /// it happens by itself.
  void tick();
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

  std::size_t running() const;
  /// Open registrations of followers, and threads of the pool: for tests and figures.
  std::size_t followers() const { return hub_.followers(); }
  std::size_t pool_threads() const { return pool_.threads(); }
  stores::store& store() noexcept { return *options_.store; }

 private:
  friend class running_task;

  struct running_shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<running_task>> by_id;
  };

  stores::store& store_of(std::string_view id) const noexcept;
  running_shard& shard_of(std::string_view id) const noexcept;
  std::shared_ptr<running_task> find_running(const std::string& id) const;
  std::vector<std::shared_ptr<running_task>> all_running() const;

  std::optional<milliseconds> within_bounds(std::optional<milliseconds> retention) const;
  /// The one in memory needs no lease.
  bool may_claim(const stores::store& from) const noexcept {
    return &from == volatile_.get() || (may_claim_ && recovered_);
  }
  std::shared_ptr<task_origin> origin_for(const submission& what,
                                          const tool_definition& tool) const;
  awaitable<stores::create_result> create_finished(stores::store& in, stores::new_task task,
                                                   const outcome& result);
  void on_change(const task_ptr& task);
  /// Starts the handler of a task that this process has claimed and holds a slot for.
  awaitable<void> start(stores::store& in, task_ptr task, tool_ptr tool);
  /// Hands `run` to the threads of its handler soon: when `executor` has nothing else to do, with
  /// all that came meanwhile.
  void launch(std::shared_ptr<running_task> run, const boost::asio::any_io_executor& executor);
  void launch_all();
  using live_batch = std::shared_ptr<void>;
  live_batch begin_batch();
  void spawn(const std::shared_ptr<running_task>& run, const live_batch& batch);
  awaitable<void> give_back_unstarted(std::shared_ptr<running_task> run);
  handler_result outcome_of_exception(const running_task& run) const;
  outcome failed(const running_task& run, std::string_view what,
                 const std::exception_ptr& failure) const;
  void run_blocking(const std::shared_ptr<running_task>& run);
  awaitable<void> run_coroutine(std::shared_ptr<running_task> run);
  awaitable<void> end_run(std::shared_ptr<running_task> run, handler_result result);
  /// False: the outcome could not be made certain; it was left to the tick.
  awaitable<bool> write_end(std::shared_ptr<running_task> run, outcome result);
  /// What its handler reported last; throws like the store.
  awaitable<void> write_last_report(running_task& run);
  void forget(const std::shared_ptr<running_task>& run);
  void release_slot(running_task& run);

  /// True: there may be work to claim, and the caller has to `pump_all`.
  bool pump_wanted();
  void pump();
  awaitable<void> pump_all();
  /// True if something was claimed.
  awaitable<bool> pump_store(stores::store& from, std::atomic<bool>& backlog);
  stores::claim_request claim_for(slots::room room) const;
  void mark_dirty(const std::shared_ptr<running_task>& run);
  awaitable<void> housekeep();
  awaitable<void> keep_lease();
  awaitable<void> recover_lost();
  awaitable<void> recover_now();
  awaitable<void> recover_at_start();
  awaitable<void> flush_reports();
  awaitable<void> retry_deferred();
  awaitable<void> expire_and_purge();
  /// Removes one batch of what has expired; how many those were.
  awaitable<std::size_t> purge(stores::store& in);
  awaitable<void> look_for_work();
  awaitable<void> audit();
  /// Puts a claimed task back into the queue, whose handler never began.
  awaitable<void> hand_back(stores::store& in, task_ptr task);
  /// Hands a claimed task back if it may run again, else fails it.
  awaitable<void> give_up(stores::store& in, task_ptr task);
  bool too_large(const raw_json& arguments) const noexcept;
  std::size_t max_checkpoint() const noexcept { return options_.limits.max_checkpoint; }
  /// The outcome, or the error that it is too large to be kept.
  outcome bounded(outcome result) const;
  void watch_trouble();
  /// The store is in trouble, which `watch_trouble` tells once, not every tick.
  bool told() const { return !options_.store->trouble().empty(); }
  void schedule_tick();
  void log_begin(const task_record& task) const noexcept;
  void log_refusal(const task_origin& origin, std::string_view bound) const noexcept;
  void log_change(const task_record& task) const noexcept;
  /// What went wrong in the background; `id` of a task, or empty.
  void log_trouble(std::string_view event, const std::string& text, std::string_view id = {}) const;

  engine_options options_;
  const process_id process_;
  std::shared_ptr<stores::store> volatile_;

  hub hub_;
  slots slots_;
  mutable std::array<running_shard, 16> running_;
  std::atomic<bool> backlog_{false}, volatile_backlog_{false};
  std::atomic<bool> pumping_{false}, pump_again_{false};
  std::atomic<bool> draining_{false}, hurry_{false}, closing_{false};

  std::mutex launch_mutex_;
  std::vector<std::shared_ptr<running_task>> launching_;
  std::atomic<std::size_t> next_handlers_{0};
  std::atomic<std::size_t> handing_over_{0};  // handlers of external tasks: beyond the slots

  std::mutex dirty_mutex_;
  std::vector<std::shared_ptr<running_task>> dirty_;
  std::mutex deferred_mutex_;
  std::vector<std::pair<std::shared_ptr<running_task>, outcome>> deferred_;
  std::mutex idle_mutex_;
  std::condition_variable idle_;
  std::size_t live_ = 0;  // batches of coroutine handlers not all over; beneath `idle_mutex_`

  std::mutex tick_mutex_;  // one tick at a time; beneath it:
  std::optional<monotonic_time> renewed_at_, alive_since_, recovered_at_, audited_at_, looked_at_;
  std::set<std::pair<std::string, std::uint64_t>> suspects_;
  std::string told_trouble_;
  std::atomic<bool> recovered_{true};  ///< what former processes left was dealt with
  std::atomic<bool> may_claim_{true};

  // Threads last: they stop before anything they use is gone.
  boost::asio::io_context keeper_{1};
  using work_guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  /// One for each handler thread: a task's coroutine stays on one thread, and needs no strand.
  std::vector<std::unique_ptr<boost::asio::io_context>> handlers_;
  work_guard keeper_work_;
  std::vector<work_guard> handler_work_;
  boost::asio::steady_timer timer_;
  std::vector<std::thread> threads_;
  blocking_pool pool_;
};

}  // namespace longhaul::tasks
