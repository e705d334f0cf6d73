// SPDX-License-Identifier: Apache-2.0
// The store contract: the only door to task rows. Whoever keeps tasks somewhere else than in memory
// or in a file derives from `store`, hands the object to `server_options::store` or
// `task_engine_options::store`, and holds it to this page with
// `longhaul/testing/store_contract.hpp`. docs/own-stores.md is the guide.
//
// Every operation is one conditional write (or one read); none reads, decides and then writes
// without the certainty that nobody wrote in between. A write whose condition fails changes nothing
// and says why. What a change is, `transitions.hpp` decides, the same for every store.
//
// Threads: every operation may be called from any thread at any time, many at once. Implementations
// complete inline or on the awaiting coroutine's executor, and do not block it for longer than a
// look-up in memory takes.
//
// Failures: expected outcomes are return values. A failure of the machine is a `store_error`. If
// `outcome_unknown()` is true the write may or may not have happened; repeating the very same
// operation is then safe, and tells.
//
// Requires: references and views in parameters stay valid until the operation has completed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/shared_output.hpp"
#include "longhaul/stores/store_operations.hpp"
#include "longhaul/stores/values.hpp"
#include "longhaul/task.hpp"

namespace longhaul::stores {

class store : public store_operations {
 public:
  // --- time

  /// The store's own time. All deadlines, leases and retentions are measured by it, and every time
  /// in a record is one of it, whatever the clock of the process that asks says. Cheap: no I/O.
  virtual instant now() const = 0;

  // --- callers' side: the owner is an argument; unknown and foreign tasks are the same answer.

  /// Creates a task, durably before it completes, or finds the earlier one by its id (then it was
  /// repeated: `known_by_id`), by its idempotency key (unique for owner and tool, and free again
  /// once the retention of its task is over: `known_by_key`), or by its unique hash (`holds_unique`
  /// in transitions.hpp says how long that is taken). What it gives is whole and current,
  /// as with `claim`. `busy` at a bound; then nothing was created.
  virtual awaitable<create_result> create(const new_task& task) = 0;
  /// The task of this owner, hidden ones included, or null.
  virtual awaitable<task_ptr> get(std::string_view owner, std::string_view id) = 0;
  /// The same for whoever asks how it is doing: it may be `abridged`. The result of a task that has
  /// ended is there, so one read answers who asks for it.
  virtual awaitable<task_ptr> look(std::string_view owner, std::string_view id) {
    return get(owner, id);
  }
  /// Tasks of this owner that are not hidden, newest first; `status` filters. `cursor` is one that
  /// an earlier page gave, or empty (cursor.hpp has the usual form); it outlives its task. Returns
  /// null if the cursor is not one of this store. At most `limit` tasks, 1 if it says 0; they may
  /// be `abridged`.
  virtual awaitable<std::optional<list_page>> list(std::string_view owner,
                                                   std::optional<task_status> status,
                                                   std::string_view cursor, std::size_t limit) = 0;
  /// Stores responses to open questions; unknown and answered keys are ignored (`unchanged` if
  /// nothing was left). The last open one moves the task back to working. `busy` if the bounds for
  /// open tasks in bytes, and an eighth of them, are used up (`byte_bounds`).
  virtual awaitable<change_result> answer(std::string_view owner, std::string_view id,
                                          std::span<const response> responses) = 0;
  /// Ends the task as cancelled, at once; fences its worker. To whom only shown tasks exist, a
  /// hidden one is `not_found`.
  virtual awaitable<change_result> cancel(std::string_view owner, std::string_view id,
                                          std::string_view reason,
                                          visibility sees = visibility::hidden_too) = 0;
  /// Changes how long the task is kept once terminal; null: for ever. Counts from its end, also if
  /// it has ended already (which stays as it is, `updated_at` included).
  virtual awaitable<change_result> set_retention(std::string_view owner, std::string_view id,
                                                 std::optional<milliseconds> retention) = 0;
  /// Hands the id of a hidden task out: it is listed, and kept for `retention`, from now on; if it
  /// has ended, it ends anew for the count. `unchanged` if it is not hidden.
  virtual awaitable<change_result> reveal(std::string_view owner, std::string_view id,
                                          std::optional<milliseconds> retention) = 0;

  // --- workers' side: fenced by `writer`. What these write counts, and is never refused for its
  // size: one task's part is bounded by who calls.

  /// Progress, which only grows while an attempt runs, the line that people read, and the
  /// checkpoint. `unchanged` if there is nothing new in it.
  virtual awaitable<change_result> report(std::string_view id, writer worker,
                                          const report_change& change) = 0;
  /// Adds questions. All of them known and unchanged: `unchanged`. A key with another request:
  /// `key_reused`, nothing is stored. If any of them is open the task is input_required.
  virtual awaitable<change_result> ask(std::string_view id, writer worker,
                                       std::span<const question> questions) = 0;
  /// Ends the task as completed, or as failed if `result.is_protocol_error`. The very same end by
  /// the same writer again is `unchanged`; any other is `already_terminal`.
  virtual awaitable<change_result> finish(std::string_view id, writer worker, const outcome& result,
                                          std::string_view message) = 0;
  /// Ends an attempt that is not the last one: the task waits for the next, from `not_before` on
  /// (store time), with `why` as its line, checkpoint and answers as they are. Fences its worker as
  /// `release` does; the very same again is `unchanged`. Requires: attempts are left
  /// (`attempts_left` in transitions.hpp), and it is not external.
  virtual awaitable<change_result> retry(std::string_view id, writer worker, std::string_view why,
                                         monotonic_time not_before) = 0;
  /// Gives a claimed task back to the queue (drain) and fences its worker: the epoch moves here and
  /// again with the next claim. If its handler had not begun, it was no attempt. `unchanged` for an
  /// external one, and for one that waits already since this writer held it. Whether the task may
  /// run again is the caller's word.
  virtual awaitable<change_result> release(std::string_view id, writer worker) = 0;

  // --- processes

  /// Claims up to `count` tasks that wait: one quota after the other, oldest first in each. Tools
  /// that are paused or full, and concurrency keys that are full, get nothing and keep nobody else
  /// waiting: what is looked at in vain does not grow with what waits behind them. A task that was
  /// handed back with a question open waits too: it runs again beside its question, and
  /// stays input_required until that is answered. A process that was declared dead gets nothing.
  /// If the outcome is unknown, what the claim took shows in `claimed`.
  ///
  /// What it gives is whole and current: the state that the claim has made. A handler can begin
  /// with it; a change since then was told by `watch`, and shows in `known`.
  virtual awaitable<std::vector<task_ptr>> claim(const claim_request& request) = 0;
  /// How many tasks of the same quota and tool are older and wait as it does, to be claimed at
  /// once: counted up to `most`. 0: none, or it is not here.
  virtual awaitable<std::size_t> queued_before(std::string_view id, std::size_t most) = 0;
  /// Renews (or starts) the lease of a process. Before its first claim (`claim` or
  /// `new_task::claim_for`): tasks of a process without a lease count as lost. A process is
  /// declared dead by `recover`, for good, and comes back under a new id.
  virtual awaitable<renew_result> renew(process_id process, milliseconds lease) = 0;
  /// Takes the tasks of processes whose lease ran out: back to the queue or failed, by the word
  /// of their origin. A single guarded update; running it twice changes nothing more. Tasks that
  /// wait for an answer are taken like those that work.
  virtual awaitable<recover_result> recover() = 0;
  /// What this process has claimed (for the audit).
  virtual awaitable<std::vector<task_ptr>> claimed(process_id process) = 0;
  /// Where several processes claim, a run counts for the concurrency key of its task until its
  /// handler has returned: until its worker says so with `finish`, `retry` or `release`, whatever
  /// these find; or with this, if it has nothing to write (others have ended it); or until its
  /// process is declared dead. May be repeated; a run that counts no more is no error. Elsewhere
  /// `claim_request::handlers` says it all, and there is nothing to do here.
  virtual awaitable<void> leave(std::string_view id, std::uint64_t epoch) {
    static_cast<void>(id), static_cast<void>(epoch);
    co_return;
  }
  /// Runs of this process that count although their tasks are no longer its: those whose handlers
  /// have returned are to be left (for the audit).
  virtual awaitable<std::vector<run_name>> held(process_id process) {
    static_cast<void>(process);
    co_return std::vector<run_name>();
  }

  /// External tasks that have not ended, of all owners, hidden ones included, by id: of this tool
  /// (empty: of any), behind `after`, at most `limit`.
  virtual awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                                    std::size_t limit) = 0;

  // --- what is due

  /// Fails up to `batch` tasks whose limit has passed, with an error that names the limit.
  virtual awaitable<std::size_t> expire(std::size_t batch) = 0;
  /// Removes up to `batch` terminal tasks whose retention is over. Nothing is visible past its
  /// retention even if purge comes late. Returns the ids that were removed. Of hidden tasks that
  /// ended a moment ago it takes what nobody can read any more (`emptied` in deadlines.hpp).
  virtual awaitable<std::vector<std::string>> purge(std::size_t batch) = 0;

  // --- the rest

  using observer = std::function<void(const task_ptr&)>;
  /// `on_change` is called after every committed change that this process has made, and after those
  /// that others have made to what it follows (`follow`) or has claimed; a store may tell of more.
  /// The creation is told and the removal not. Maybe twice, maybe late (then the newest state, not
  /// each one between), from any thread and with no lock held (it may call the store); it must
  /// neither block nor throw. What an operation of this object changed is told before it completes;
  /// what others changed may come late. Notifications of one task may overtake each other: compare
  /// `rev`. An end has `ends` once, where it was written; after an unknown outcome, when it is
  /// found to have been. Set once, before the first operation.
  virtual void watch(observer on_change) = 0;
  /// From now on the observer also hears what other processes change of this task, until `unfollow`
  /// was called as often as this. Whoever follows first and reads then misses nothing. Neither
  /// blocks, nor calls the observer before it returns: locks are held. A store that tells of all
  /// changes anyway has nothing to do here.
  virtual void follow(std::string_view id) { static_cast<void>(id); }
  virtual void unfollow(std::string_view id) noexcept { static_cast<void>(id); }
  /// The newest state of a task that this process has claimed or follows, as far as this process
  /// knows: it never reads, and may be `abridged`. At least as new as all that the observer was
  /// told before. Null: it has ended, or is none of these. For whoever has just begun to listen.
  virtual task_ptr known(std::string_view id) const = 0;
  /// What `create` and `answer` are held to from now on; nothing at first. Not while operations are
  /// under way.
  virtual void limit(const byte_bounds& bounds) = 0;
  /// Those of `ids` that are not the ids of tasks here: what lies beside the store under such a
  /// name was left behind.
  virtual awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) = 0;
  /// `rules::secret_bytes` random bytes that live as long as the store's tasks and are the same in
  /// every process that has it open: keys are derived from them.
  virtual std::string secret() = 0;
  /// Where processes find what programs print at others, as long as the store lives. Null: nowhere.
  virtual shared_output* outputs() { return nullptr; }
  /// Why nothing can be written now, in words for anybody: no paths in it. Empty: it can.
  virtual std::string trouble() const = 0;
  /// Finishes what is under way and refuses everything after it (`store_error`). Blocks. Before the
  /// contexts of those who may be waiting are destroyed. Idempotent.
  virtual void close() noexcept = 0;
  /// How long reports of one task are gathered before they are written: the more a write costs, the
  /// longer. 0: not at all.
  virtual milliseconds report_interval() const noexcept = 0;
  /// No other process uses it: whoever has no lease here is gone, and `recover` may run at once.
  virtual bool exclusive() const noexcept = 0;
  /// Tasks outlive the process.
  virtual bool durable() const noexcept = 0;
};

}  // namespace longhaul::stores
