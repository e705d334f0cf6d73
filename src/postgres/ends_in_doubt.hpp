// SPDX-License-Identifier: Apache-2.0
// Ends of tasks that this process has written without hearing whether they were committed. Who
// reads such a task next learns it, and the end is told as one of this process.
//
//   commit without an answer ──► add ──► read again: that very end ──► `is_ours`, told with `ends`
//                                  ├───► read again: somebody else's ──► forgotten
//                                  └───► written anew, or removed     ──► forgotten
//
// Threads: the database thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {

class ends_in_doubt {
 public:
  /// A change whose commit was not heard of; nothing unless it ends the task.
  void add(const task_record& task) {
    if (!task.ends || all_.size() >= tunables::most_ends_in_doubt) return;
    all_.insert_or_assign(task.id(), facts_of(task));
  }
  /// This state tells what became of an end in doubt: it is not older.
  bool decided_by(const task_record& read) const {
    const auto at = all_.find(std::string_view(read.id()));
    return at != all_.end() && read.rev >= at->second.rev;
  }
  /// This state is an end of ours that was in doubt. Once decided, it is so no longer.
  bool is_ours(const task_record& read) {
    if (!decided_by(read)) return false;
    const auto at = all_.find(std::string_view(read.id()));
    const bool ours = facts_of(read) == at->second;
    all_.erase(at);
    return ours;
  }
  void forget(std::string_view id) noexcept {
    if (const auto at = all_.find(id); at != all_.end()) all_.erase(at);
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    result.reserve(all_.size());
    for (const auto& [id, facts] : all_) result.push_back(id);
    return result;
  }

 private:
  // No two processes end a task at the same revision in the same millisecond in the same way.
  struct facts {
    std::uint64_t rev, epoch;
    task_status status;
    timestamp at;
    bool operator==(const facts&) const = default;
  };
  static facts facts_of(const task_record& task) noexcept {
    return {task.rev, task.epoch, task.status, task.updated_at};
  }
  std::map<std::string, facts, std::less<>> all_;
};

}  // namespace longhaul::postgres
