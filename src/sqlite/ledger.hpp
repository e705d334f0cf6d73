// SPDX-License-Identifier: Apache-2.0
// What the writer knows and decides: all live tasks (`stores/roster`), as they will be once its
// open transaction is committed, and the store's operations on them. A decision is decided on the
// record in memory by the pure functions of `stores/transitions`, and written as one row guarded by
// its revision; tasks that have ended are read from the file when somebody wants to change them.
//
//   transition ──► admit ──► row written ──► known here, and noted in `changed_` ──commit──► told
//
// Invariants: the row is written before anything is changed in memory, so an operation that SQLite
// refuses leaves the ledger as it was; but the transaction may have lost what earlier operations
// wrote, so a ledger whose transaction was not committed is wrong from then on: its owner throws it
// away and loads another one. Nothing of `changed_` and `removed_` may be told before the commit.
//
// Threads: the writer's.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "longhaul/stores/store.hpp"
#include "sqlite/task_writer.hpp"
#include "sqlite/timeline.hpp"
#include "stores/lease_table.hpp"
#include "stores/quota_table.hpp"
#include "stores/ready_queue.hpp"
#include "stores/roster.hpp"
#include "stores/run_counts.hpp"

namespace longhaul::sqlite {

/// Whom the claims in a file belong to that is being loaded.
enum class claims_of : std::uint8_t {
  this_process,    ///< it goes on running
  former_process,  ///< it is gone; its tasks ran until it was last heard of
};

class ledger {
 public:
  /// Loads all live tasks. All references must outlive the ledger. Throws `sqlite_error`.
  ledger(connection& file, timeline& time, stores::lease_table& leases, claims_of whose);

  /// Bounds in bytes for what comes.
  void limit(const stores::byte_bounds& bounds) noexcept { quotas_.limit(bounds); }

  // The operations of the store contract that write, and those that want the writer's view.
  stores::create_result create(const stores::new_task& task);
  /// `transition(record, instant)` gives a `stores::step`. Without an owner: anybody's task.
  template <class Transition>
  stores::change_result change(std::string_view id, std::optional<std::string_view> owner,
                               Transition transition,
                               stores::growth allowed = stores::growth::free);
  std::vector<task_ptr> claim(const stores::claim_request& request);
  std::size_t queued_before(std::string_view id, std::size_t most);
  stores::renew_result renew(process_id process, milliseconds lease);
  stores::recover_result recover();
  std::vector<task_ptr> claimed(process_id process) const;
  std::size_t expire(std::size_t batch);
  struct purged {
    std::vector<std::string> ids;
    bool all = true;  ///< nothing is due any more
  };
  purged purge(std::size_t batch);
  stores::store_stats stats();
  stores::counts_by_tool counts() const;
  std::vector<stores::owner_use> owners(std::size_t most) const { return quotas_.largest(most); }
  /// False: it was so already.
  bool pause(std::string_view tool);
  bool resume(std::string_view tool);
  stores::paused_tools paused() const { return runs_.paused(); }
  /// When the next limit passes, and the next task is to be removed, at the earliest.
  monotonic_time next_limit() const { return tasks_.next_limit(); }
  monotonic_time next_removal() const noexcept { return next_removal_; }
  /// Writes what a transaction gathers, before its commit.
  void flush();
  /// What was changed and removed since the last call, in order; after the commit.
  std::vector<task_ptr> take_changed() { return std::exchange(changed_, {}); }
  std::vector<std::string> take_removed() { return std::exchange(removed_, {}); }
  /// All that have not ended, by id.
  const auto& live() const noexcept { return tasks_.tasks(); }

 private:
  using entry = stores::roster::entry;

  stores::instant now() const { return time_.now(); }
  bool visible(const task_record& task) const { return !stores::expired(task, now().mono); }
  void add(task_row row, std::shared_ptr<stores::quota_table::use> quota);
  /// Writes a change of a task that has not ended, and makes it known.
  void install(entry& task, const stores::roster::decision& decided);
  /// With what was left in the file.
  task_ptr whole(const entry& task, const task_ptr& record);
  void schedule_removal(const task_record& ended);
  /// Another task may have the key of this one, which nobody sees any more.
  void forget_key(const task_row& expired);
  /// Gives pages back to the file system if most of the file is free.
  void shrink();
  stores::change_result change_ended(std::string_view id, std::optional<std::string_view> owner,
                                     const std::function<stores::step(const task_record&)>& next);
  /// So many more have ended this way, or less, and take so many bytes.
  void count_finished(const std::string& quota, const std::string& tool, task_status status,
                      std::int64_t tasks, std::int64_t bytes);
  void empty(const task_writer::overdue_row& row);

  connection& file_;
  timeline& time_;
  stores::lease_table& leases_;
  task_writer rows_;
  std::int64_t last_seq_ = 0;

  stores::quota_table quotas_;
  stores::run_counts runs_;
  stores::roster tasks_;
  stores::ready_queue queue_{runs_};
  /// Claimed by a former process, and nothing was written since. Empty once `recover` has run.
  boost::unordered_flat_set<std::string> inherited_;
  monotonic_time next_removal_ = monotonic_time::max();

  // Of the open transaction.
  bool touch_ = false;
  struct finished_change {
    std::int64_t tasks = 0, bytes = 0;
  };
  // By quota, tool and status.
  std::map<std::tuple<std::string, std::string, task_status>, finished_change> finished_;
  std::vector<task_ptr> changed_;
  std::vector<std::string> removed_;
};

template <class Transition>
stores::change_result ledger::change(std::string_view id, std::optional<std::string_view> owner,
                                     Transition transition, stores::growth allowed) {
  entry* const task = tasks_.find(id);
  if (task == nullptr) {
    return change_ended(id, owner,
                        [&](const task_record& record) { return transition(record, now()); });
  }
  if (owner && task->record->owner() != *owner) return {stores::change_code::not_found, nullptr};
  const auto decided = tasks_.admit(*task, transition(*task->record, now()), allowed);
  const stores::change_result result = stores::roster::told(*task, decided);
  if (decided.next) install(*task, decided);
  return result;
}

}  // namespace longhaul::sqlite
