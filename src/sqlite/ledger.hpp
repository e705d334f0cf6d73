// SPDX-License-Identifier: Apache-2.0
// What the writer knows and decides: all live tasks, as they will be once its open transaction is
// committed, and the store's operations on them. A decision is made on the record in memory by the
// pure functions of `stores/transitions`, and written as one row guarded by its revision; tasks
// that have ended are read from the file when somebody wants to change them.
//
// A ledger whose transaction was not committed is wrong from then on: its owner throws it away and
// loads another one.
//
// Threads: the writer's.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sqlite/task_rows.hpp"
#include "sqlite/timeline.hpp"
#include "stores/lease_table.hpp"
#include "stores/ready_queue.hpp"
#include "stores/store.hpp"
#include "stores/task_index.hpp"
#include "stores/transitions.hpp"

namespace longhaul::sqlite {

/// Whom the claims in a file belong to that is being loaded.
enum class claims_of : std::uint8_t {
  this_process,    ///< it goes on running
  former_process,  ///< it is gone; its tasks ran until it was last heard of
};

/// Whether what a change adds to a task is held to the bounds in bytes.
enum class growth : std::uint8_t { free, bounded };

class ledger {
 public:
  /// Loads all live tasks. All references must outlive the ledger. Throws `sqlite_error`.
  ledger(connection& in, timeline& time, stores::lease_table& leases, claims_of whose);

  /// Bounds in bytes for what comes.
  void limit(const stores::byte_bounds& bounds) noexcept { quotas_.limit(bounds); }

  // The operations of the store contract that write, and those that want the writer's view.
  stores::create_result create(const stores::new_task& task);
  /// `transition(record, instant)` gives a `stores::step`. Without an owner: anybody's task.
  template <class Transition>
  stores::change_result change(std::string_view id, std::optional<std::string_view> owner,
                               Transition transition, growth how = growth::free);
  std::vector<task_ptr> claim(const stores::claim_request& request);
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
  /// When the next limit passes, and the next task is to be removed, at the earliest.
  monotonic_time next_limit() const;
  monotonic_time next_removal() const noexcept { return next_removal_; }
  /// Writes what a transaction gathers, before its commit.
  void flush();
  /// What was changed and removed since the last call, in order; after the commit.
  std::vector<task_ptr> take_changed() { return std::exchange(changed_, {}); }
  std::vector<std::string> take_removed() { return std::exchange(removed_, {}); }
  const auto& live() const noexcept { return live_; }

 private:
  struct entry {
    std::int64_t seq = 0;
    task_ptr record;  ///< abridged if it is large: of what waits, the file has the arguments
    std::size_t bytes = 0;
    std::shared_ptr<stores::quota_table::use> quota;
    std::optional<monotonic_time> limit = std::nullopt;  ///< its place in `limits_`
    bool inherited = false;  ///< claimed by a former process; nothing was written since
  };
  using agenda = std::set<std::pair<monotonic_time, std::string_view>>;

  stores::instant now() const { return time_.now(); }
  bool visible(const task_record& task) const;
  void add(task_row row, std::shared_ptr<stores::quota_table::use> quota, bool inherited);
  /// `counted` bytes of its growth are in the quota already.
  void install(entry& at, std::shared_ptr<const task_record> next, std::size_t counted = 0);
  static std::size_t size_after(const entry& at, const task_record& next);
  /// With what was left in the file.
  task_ptr whole(const entry& at, const task_ptr& record);
  void schedule(entry& at);
  void unschedule(entry& at);
  void schedule_removal(const task_record& ended);
  /// Gives pages back to the file system if most of the file is free.
  void shrink();
  void count(const task_record& task, bool arrives);
  stores::change_result change_ended(std::string_view id, std::optional<std::string_view> owner,
                                     const std::function<stores::step(const task_record&)>& next);
  /// So many more have ended this way, or less, and take so many bytes.
  void count_finished(const std::string& quota, task_status status, std::int64_t by,
                      std::int64_t bytes);
  void empty(const task_writer::overdue_row& row);

  connection& in_;
  timeline& time_;
  stores::lease_table& leases_;
  task_writer rows_;
  std::int64_t last_seq_ = 0;

  // Keys are views of the ids in the entries' origins, which live as long as the entries.
  boost::unordered_flat_map<std::string_view, entry> live_;
  boost::unordered_flat_set<std::string_view> running_;
  agenda limits_;
  stores::ready_queue queue_;
  stores::quota_table quotas_;
  std::array<std::size_t, 5> by_status_{};
  std::size_t queued_ = 0;
  monotonic_time next_removal_ = monotonic_time::max();

  // Of the open transaction.
  bool touch_ = false;
  struct finished_change {
    std::int64_t n = 0, bytes = 0;
  };
  std::map<std::pair<std::string, task_status>, finished_change> finished_by_;
  std::vector<task_ptr> changed_;
  std::vector<std::string> removed_;
};

template <class Transition>
stores::change_result ledger::change(std::string_view id, std::optional<std::string_view> owner,
                                     Transition transition, growth how) {
  const auto found = live_.find(id);
  if (found == live_.end()) {
    return change_ended(id, owner,
                        [&](const task_record& task) { return transition(task, now()); });
  }
  entry& at = found->second;
  if (owner && at.record->owner() != *owner) {
    return {stores::change_code::not_found, nullptr};
  }
  stores::step next = transition(*at.record, now());
  if (next.code == stores::change_code::not_found) return {next.code, nullptr};
  if (next.code != stores::change_code::applied) return {next.code, at.record};
  const std::size_t size = how == growth::bounded ? size_after(at, *next.next) : 0;
  const std::size_t added = size > at.bytes ? size - at.bytes : 0;
  if (added > 0 && !quotas_.try_grow(*at.quota, added)) {
    return {stores::change_code::busy, at.record};
  }
  const task_ptr after = next.next;
  install(at, std::move(next.next), added);
  return {stores::change_code::applied, after};
}

}  // namespace longhaul::sqlite
