// SPDX-License-Identifier: Apache-2.0
// Tasks that are locked together, and all that is counted and found by their states: numbers by
// status, use of quotas, who runs, which limit passes next, what is to be removed. A store decides
// (`transitions.hpp`), asks the roster whether the change fits (`admit`), writes it wherever it
// keeps its tasks, and then makes it known here (`replace`):
//
//   add ──► open ──replace, as often as it changes──► ended ──┬─ here:      ──empty──► ──remove──►
//            │ in `running` while a process has it,           │             on the agenda of ends
//            │ on the agenda of limits while one counts       └─ elsewhere: gone from the map; its
//                                                               numbers stay until `remove_ended`
//
// A place among those that run with its concurrency key (`run_counts`) is taken before a record has
// a process, by whoever decides that it gets one, and given back here.
//
// Invariants: an entry is in `running_` if and only if its record has a process, and on at most one
// agenda, at `due`; `by_tool_` has the sums over all tasks that were added and not removed; what a
// quota uses was taken before `add` (`quota_table::admit`) and is given back here.
//
// Threads: none of its own; whoever owns it locks. (The quota table has locks of its own.)
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/stores/transitions.hpp"
#include "stores/lease_table.hpp"
#include "stores/quota_table.hpp"
#include "stores/run_counts.hpp"

namespace longhaul::stores {

/// Whether what a change adds to a task is held to the bounds in bytes.
enum class growth : std::uint8_t { free, bounded };

class roster {
 public:
  /// Where tasks are that have ended.
  enum class ended_tasks : std::uint8_t { here, elsewhere };

  struct entry {
    task_ptr record;
    std::shared_ptr<quota_table::use> quota;
    std::size_t bytes = 0;  ///< that it takes up (`size_of`)
    std::int64_t row = 0;   ///< the store's own number for it, if it has one
    std::optional<monotonic_time> due = std::nullopt;  ///< its place on an agenda
  };

  /// `quotas` and `runs` must outlive the roster. Hidden work keeps its result for
  /// `hidden_result_kept`.
  roster(quota_table& quotas, run_counts& runs, ended_tasks where,
         milliseconds hidden_result_kept = rules::hidden_result_kept)
      : quotas_(quotas),
        runs_(runs),
        ended_here_(where == ended_tasks::here),
        kept_(hidden_result_kept) {}

  /// Null: it is not here. The pointer lives until the next `add`, or the end of the task.
  entry* find(std::string_view id);
  const entry* find(std::string_view id) const;
  /// Requires: its id is not here; its use is counted already.
  entry& add(entry task);

  /// A change of one task that may be made, or the reason why not.
  struct decision {
    change_code code = change_code::applied;
    task_ptr next = nullptr;  ///< set if and only if applied
    std::size_t bytes = 0;    ///< that `next` takes up
    std::size_t counted = 0;  ///< bytes of its growth that its quota has already
  };
  /// Holds a step against the bounds; then it must be made, or the roster thrown away.
  decision admit(const entry& task, step proposed, growth allowed = growth::free);
  /// What the caller of a change is told.
  static change_result told(const entry& task, const decision& decided);

  /// What a change means to those who wait to be claimed.
  struct effect {
    bool left_queue = false;    ///< it waited, from `run_at` on
    bool joined_queue = false;  ///< it waits from now on
    monotonic_time run_at{};    ///< before the change
    bool shown = false;         ///< it was hidden
    bool left_key = false;      ///< others with its concurrency key may begin
  };
  /// Makes a change known. `task` is gone afterwards if it has ended and those are elsewhere.
  effect replace(entry& task, const decision& decided);

  // Of tasks that ended and are here.
  /// Takes away what it carries (`emptied`).
  void empty(entry& task);
  /// Gives everything back that was counted for it.
  void remove(entry& task);
  // … and that are elsewhere.
  /// There are so many of them, whose use is counted already.
  void restore_ended(std::string_view tool, task_status status, std::size_t count) {
    number(tool, status) += count;
  }
  void remove_ended(std::string_view tool, task_status status, std::string_view quota,
                    std::size_t bytes);

  /// Whose next limit passed by `now`, and what was to be emptied or removed by then; null: none.
  entry* overdue(monotonic_time now);
  entry* overdue_end(monotonic_time now);
  /// When the next limit passes; `max()`: none does.
  monotonic_time next_limit() const;

  /// Ids of tasks whose process has no lease.
  std::vector<std::string_view> orphans(const lease_table& leases) const;
  void claimed_by(process_id process, std::vector<task_ptr>& result) const;
  bool any_running() const noexcept { return !running_.empty(); }
  /// Adds its tasks, by tool.
  void add_to(counts_by_tool& counts) const;
  const auto& tasks() const noexcept { return tasks_; }
  /// Entries of the indexes beside the tasks.
  std::size_t index_size() const noexcept {
    return running_.size() + limits_.size() + ends_.size();
  }

 private:
  using agenda = std::set<std::pair<monotonic_time, std::string_view>>;

  std::size_t& number(std::string_view tool, task_status status);
  status_counts& counts_of(std::string_view tool);
  void forget_unused(std::string_view tool);
  void count(const task_record& task);
  void discount(const task_record& task);
  void schedule(entry& task);
  void unschedule(entry& task);
  entry* first_due(const agenda& plan, monotonic_time now);

  quota_table& quotas_;
  run_counts& runs_;
  const bool ended_here_;
  const milliseconds kept_;
  // Keys are views of the ids in the entries' origins, which live as long as the entries.
  boost::unordered_flat_map<std::string_view, entry> tasks_;
  boost::unordered_flat_set<std::string_view> running_;
  agenda limits_, ends_;
  by_name<status_counts> by_tool_;
};

}  // namespace longhaul::stores
