// SPDX-License-Identifier: Apache-2.0
// The tasks of the store in memory: shards by id, each with a lock, and the queue that they share.
// An operation on one task holds one shard. Locks are taken in this order only:
//
//   idempotency key part ──► unique hash part ─┐
//                                              ├──► shard ──► owner part, quota part, leases, runs
//   queue ─────────────────────────────────────┘
//
// So whoever holds a shard must not wait for the queue:
//
//   begins to wait:  shard's intake (under its lock) ──next claim, or a full intake──► queue
//   waits no more:   noted in the `aftermath`, taken out of the queue once the shard is unlocked
//   runs no more:    noted there, too, if others with its concurrency key may begin
//
// Invariants: what is claimable is in the queue or in its shard's intake; a place in the queue is
// only a hint, the record under its shard's lock decides; the index by owner changes under the
// task's shard lock; observers are called with no lock held.
//
// Threads: any.
#pragma once

#include <atomic>
#include <functional>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "stores/lease_table.hpp"
#include "stores/quota_table.hpp"
#include "stores/ready_queue.hpp"
#include "stores/roster.hpp"
#include "stores/task_index.hpp"

namespace longhaul::stores {

class task_shards {
 public:
  /// `clock` must outlive it.
  task_shards(std::size_t shards, milliseconds hidden_result_kept, const clock_source& clock);

  /// Before the first operation.
  void watch(std::function<void(const task_ptr&)> on_change) { on_change_ = std::move(on_change); }

  instant now() const { return {clock_.now(), clock_.monotonic()}; }
  quota_table& quotas() noexcept { return quotas_; }
  owner_index& owners() noexcept { return owners_; }

  /// What a change leaves to be done (`settle`) once no lock is held.
  struct aftermath {
    task_ptr changed = nullptr;                               ///< null: nothing
    std::optional<monotonic_time> left_queue = std::nullopt;  ///< its `run_at` there
    bool intake_full = false;
    /// A place among those that run with its concurrency key was given back.
    std::optional<std::pair<std::string, std::string>> left_key = std::nullopt;
  };
  create_result insert(const new_task& task, aftermath& after);
  void settle(const aftermath& after);

  /// Null: there is none, or its retention is over.
  task_ptr find(std::string_view id);
  bool knows(std::string_view id) const { return newest(id) != nullptr; }
  /// Also if its retention is over.
  task_ptr newest(std::string_view id) const;
  /// `transition(record, instant)` gives a `step`. Without an owner: anybody's task.
  template <class Transition>
  change_result change(std::string_view id, const std::string_view* owner, Transition transition,
                       growth allowed = growth::free);

  std::vector<task_ptr> claim(const claim_request& request);
  std::size_t queued_before(std::string_view id, std::size_t most);
  recover_result recover(const lease_table& leases);
  std::vector<task_ptr> claimed_by(process_id process);
  std::vector<task_ptr> external(std::string_view tool, std::string_view after, std::size_t limit);
  std::size_t expire(std::size_t batch);
  std::vector<task_ptr> purge(std::size_t batch);
  counts_by_tool counts();
  /// Those that a filter may match, in no order; as they are at one moment or another.
  std::vector<task_ptr> candidates(const task_matcher& matches);
  bool pause(std::string_view tool);
  bool resume(std::string_view tool);
  paused_tools paused() const { return runs_.paused(); }
  /// Entries of all indexes beside the tasks themselves.
  std::size_t index_size();

 private:
  struct setup {
    quota_table& quotas;
    run_counts& runs;
    milliseconds hidden_result_kept;
  };
  struct alignas(64) shard {
    explicit shard(const setup& how)
        : tasks(how.quotas, how.runs, roster::ended_tasks::here, how.hidden_result_kept) {}

    guarded_mutex mutex;
    roster tasks LONGHAUL_GUARDED_BY(mutex);
    std::vector<origin_ptr> intake LONGHAUL_GUARDED_BY(mutex);
    std::atomic<bool> has_intake{false};
  };

  static std::vector<shard> make_shards(std::size_t count, const setup& how);
  std::size_t shard_number(std::string_view id) const noexcept;
  shard& shard_of(std::string_view id) const noexcept { return shards_[shard_number(id)]; }
  roster::entry* visible(shard& home, std::string_view id) LONGHAUL_REQUIRES(home.mutex);

  create_result insert_as(const new_task& task, bool begins, aftermath& after);
  aftermath install(shard& home, roster::entry& task, const roster::decision& decided)
      LONGHAUL_REQUIRES(home.mutex);
  bool take_in(shard& home, const origin_ptr& origin) LONGHAUL_REQUIRES(home.mutex);
  void move_intake(shard& from) LONGHAUL_REQUIRES(queue_mutex_);
  void move_intakes() LONGHAUL_REQUIRES(queue_mutex_);
  std::vector<task_ptr> claim_waiting(const claim_request& request);
  bool claim_one(const task_origin& origin, process_id process, instant now,
                 std::vector<task_ptr>& taken);
  void recover_shard(shard& home, const lease_table& leases, instant now, recover_result& result);
  std::size_t fail_overdue(shard& home, instant now, std::size_t batch);
  void remove_overdue(shard& home, monotonic_time now, std::size_t batch,
                      std::vector<task_ptr>& removed);

  const clock_source& clock_;
  std::function<void(const task_ptr&)> on_change_;
  quota_table quotas_;
  run_counts runs_;
  owner_index owners_;
  mutable std::vector<shard> shards_;
  std::atomic<std::size_t> next_expiry_shard_{0}, next_purge_shard_{0};

  guarded_mutex queue_mutex_;
  ready_queue queue_ LONGHAUL_GUARDED_BY(queue_mutex_){runs_};
};

template <class Transition>
change_result task_shards::change(std::string_view id, const std::string_view* owner,
                                  Transition transition, growth allowed) {
  change_result result;
  aftermath after;
  {
    shard& home = shard_of(id);
    const guard lock(home.mutex);
    roster::entry* const task = visible(home, id);
    if (task == nullptr || (owner != nullptr && task->record->owner() != *owner)) {
      return {change_code::not_found, nullptr};
    }
    const auto decided = home.tasks.admit(*task, transition(*task->record, now()), allowed);
    result = roster::told(*task, decided);
    if (decided.next) after = install(home, *task, decided);
  }
  settle(after);
  return result;
}

}  // namespace longhaul::stores
