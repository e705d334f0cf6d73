// SPDX-License-Identifier: Apache-2.0
// The store contract: the only door to task rows. Every operation is one conditional write (or one
// read); none reads, decides and then writes. A write whose condition fails changes nothing and
// says why. One suite (tests/stores/) holds every implementation to this page.
//
// Threads: every operation may be called from any thread at any time. Implementations complete
// inline or on the awaiting coroutine's executor.
//
// Failures: expected outcomes are return values. A failure of the machine is a `store_error`. If
// `outcome_unknown()` is true the write may or may not have happened; repeating the very same
// operation is then safe, and tells.
//
// References and views in parameters must stay valid until the operation has completed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"
#include "stores/store_operations.hpp"

namespace longhaul::stores {

/// `what()` is for logs and may name files; `reason` is for callers and has no paths.
class store_error : public std::runtime_error {
 public:
  store_error(const std::string& message, bool outcome_unknown)
      : store_error(message, message, outcome_unknown) {}
  store_error(const std::string& message, std::string reason, bool outcome_unknown)
      : std::runtime_error(message),
        reason_(std::make_shared<const std::string>(std::move(reason))),
        outcome_unknown_(outcome_unknown) {}
  bool outcome_unknown() const noexcept { return outcome_unknown_; }
  const std::string& reason() const noexcept { return *reason_; }

 private:
  std::shared_ptr<const std::string> reason_;  // shared: copying an exception must not throw
  bool outcome_unknown_;
};

/// The two clocks at one instant.
struct instant {
  timestamp wall;
  monotonic_time mono;
};

/// Bounds that `create` checks in the same write that creates. Zero means "no bound".
struct create_bounds {
  std::size_t open_per_quota = 0;    ///< tasks of one quota that are not terminal
  std::size_t open_total = 0;        ///< … of all
  std::size_t stored_per_quota = 0;  ///< tasks of one quota, terminal ones included
  std::size_t stored_total = 0;
};

/// Bounds in bytes (`size_of` in bounds.hpp says of what). Zero means "no bound".
struct byte_bounds {
  std::size_t open_per_quota = 0;  ///< tasks of one quota that are not terminal
  std::size_t open_total = 0;
  std::size_t stored_per_quota = 0;  ///< tasks of one quota, terminal ones included
  std::size_t stored_total = 0;
  std::size_t memory_per_quota = 0;  ///< the same again, by another name: of a store in memory
  std::size_t memory_total = 0;
};

struct new_task {
  std::shared_ptr<const task_origin> origin;
  std::optional<milliseconds> retention = std::nullopt;
  bool hidden = false;
  std::optional<process_id> claim_for = std::nullopt;  ///< also claims it (epoch 1) in this write
  create_bounds bounds = {};
  /// Questions that were answered before it begins; null: none.
  std::shared_ptr<const task_inputs> answered = nullptr;
  /// The state of work that began without a row: the task goes on from it, with the next revision
  /// and with what is left of its limits. Null: it is new.
  task_ptr begun = nullptr;
};

enum class create_code : std::uint8_t {
  created,       ///< or: this very id was created before (the operation was repeated)
  existing,      ///< same idempotency key, tool and arguments: `task` is the earlier one
  key_conflict,  ///< same idempotency key, other arguments; `task` is null
  busy           ///< a bound is reached; `bound` names it
};
struct create_result {
  create_code code = create_code::created;
  task_ptr task;
  std::string_view bound;  ///< who refused, one of `bound_names` (bounds.hpp); static storage
};

enum class change_code : std::uint8_t {
  applied,
  unchanged,  ///< nothing left to do: the very same change is already there
  not_found,
  already_terminal,  ///< `task` is the final state
  superseded,        ///< the writer's epoch or token is not the current one
  key_reused,        ///< a question under a used key that asks something else
  busy,              ///< a bound in bytes is reached; nothing was changed
};
struct change_result {
  change_code code = change_code::applied;
  task_ptr task;  ///< state after the operation; null if not_found
};

/// Who writes for a running task: the epoch of its claim, or the token of an external task.
struct writer {
  std::uint64_t epoch = 0;
  std::string_view token = {};
};

struct report_change {
  std::optional<progress_state> progress = std::nullopt;
  std::optional<std::string> status_message = std::nullopt;
  raw_json checkpoint = {};  ///< absent: leave as it is
};

struct question {
  std::string key;
  raw_json request;
  digest request_hash{};
};

struct response {
  std::string key;
  raw_json value;
};

/// Whether tasks whose id was never handed out exist for who asks.
enum class visibility : std::uint8_t { shown_only, hidden_too };

struct claim_request {
  process_id process;
  /// Only these tools, and so many of each at most.
  std::map<std::string, std::size_t, std::less<>> tools;
  std::set<std::string, std::less<>> saturated;  ///< quotas that get nothing now
  std::size_t count = 1;
};

struct list_page {
  std::vector<task_ptr> tasks;  ///< newest first
  std::optional<std::string> next_cursor = std::nullopt;
};

struct renew_result {
  bool alive = true;  ///< false: this boot was declared dead; its claims are lost
};

struct recover_result {
  std::size_t handed_back = 0;  ///< will run again
  std::size_t failed = 0;       ///< "executor lost, outcome unknown"
};

class store : public store_operations {
 public:
  /// The store's own time. All deadlines, leases and retentions are measured by it, and every time
  /// in a record is one of it, whatever the clock of the process that asks says. Cheap: no I/O.
  virtual instant now() const = 0;

  // --- callers' side: the owner is an argument; unknown and foreign tasks are the same answer.

  /// Creates a task, or finds the earlier one by idempotency key (unique for owner and tool). What
  /// it gives is whole and current, as with `claim`.
  virtual awaitable<create_result> create(const new_task& task) = 0;
  /// The task of this owner, hidden ones included, or null.
  virtual awaitable<task_ptr> get(std::string_view owner, std::string_view id) = 0;
  /// The same for whoever asks how it is doing: it may be `abridged`. The result of a task that has
  /// ended is there, so one read answers who asks for it.
  virtual awaitable<task_ptr> look(std::string_view owner, std::string_view id) {
    return get(owner, id);
  }
  /// Tasks of this owner that are not hidden, newest first; `status` filters. `cursor` is one that
  /// an earlier page gave, or empty. Returns null if the cursor is not one of ours. Tasks may be
  /// `abridged`.
  virtual awaitable<std::optional<list_page>> list(std::string_view owner,
                                                   std::optional<task_status> status,
                                                   std::string_view cursor, std::size_t limit) = 0;
  /// Stores responses to open questions; unknown and answered keys are ignored (`unchanged` if
  /// nothing was left). The last open one moves the task back to working. `busy` if the bounds for
  /// open tasks in bytes, and an eighth of them, are used up.
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
  /// Gives a claimed task back to the queue (drain) and fences its worker: the epoch moves here and
  /// again with the next claim. `unchanged` for an external one, and for one that waits already
  /// since this writer held it. Whether the task may run again is the caller's word.
  virtual awaitable<change_result> release(std::string_view id, writer worker) = 0;

  // --- processes

  /// Claims up to `count` tasks that wait: one quota after the other, oldest first in each. A task
  /// that was handed back with a question open waits too: it runs again beside its question, and
  /// stays input_required until that is answered. A process that was declared dead gets nothing.
  /// If the outcome is unknown, what the claim took shows in `claimed`.
  ///
  /// What it gives is whole and current: the state that the claim has made. A handler can begin
  /// with it; a change since then was told by `watch`, and shows in `known`.
  virtual awaitable<std::vector<task_ptr>> claim(const claim_request& request) = 0;
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

  /// External tasks that have not ended, of all owners, hidden ones included, by id: of this tool
  /// (empty: of any), behind `after`, at most `limit`.
  virtual awaitable<std::vector<task_ptr>> external(std::string_view tool, std::string_view after,
                                                    std::size_t limit) = 0;

  // --- time

  /// Fails up to `batch` tasks whose limit has passed, with an error that names the limit.
  virtual awaitable<std::size_t> expire(std::size_t batch) = 0;
  /// Removes up to `batch` terminal tasks whose retention is over. Nothing is visible past its
  /// retention even if purge comes late. Returns the ids that were removed. Of hidden tasks that
  /// ended a moment ago it takes what nobody can read any more (`emptied` in transitions.hpp).
  virtual awaitable<std::vector<std::string>> purge(std::size_t batch) = 0;

  // --- the rest

  using observer = std::function<void(const task_ptr&)>;
  /// `on_change` is called after every committed change that this process has made, and after those
  /// that others have made to what it follows (`follow`) or has claimed; a store may tell of more.
  /// The creation is told and the removal not. Maybe twice, maybe late (then the newest state, not
  /// each one between), from any thread and with no lock held (it may call the store); it must
  /// neither block nor throw. Notifications of one task may overtake each other: compare `rev`. Set
  /// once, before the first operation.
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
  /// What `create` and `answer` are held to. Set once, before the first operation; none at first.
  virtual void limit(const byte_bounds& bounds) = 0;
  /// Those of `ids` that are not the ids of tasks here: what lies beside the store under such a
  /// name was left behind.
  virtual awaitable<std::vector<std::string>> unknown(std::span<const std::string> ids) = 0;
  /// 32 random bytes that live as long as the store's tasks: keys are derived from them.
  virtual std::string secret() = 0;
  /// Why nothing can be written now, in words for anybody: no paths in it. Empty: it can.
  virtual std::string trouble() const = 0;
  /// Finishes what is under way and refuses everything after it (`store_error`). Blocks. Before the
  /// contexts of those who may be waiting are destroyed. Idempotent.
  virtual void close() noexcept = 0;
  /// How long reports of one task are gathered before they are written.
  virtual milliseconds report_interval() const noexcept = 0;
  /// No other process uses it: whoever has no lease here is gone, and `recover` may run at once.
  virtual bool exclusive() const noexcept = 0;
  /// Tasks outlive the process.
  virtual bool durable() const noexcept = 0;
};

}  // namespace longhaul::stores
