// SPDX-License-Identifier: Apache-2.0
// Ends of tasks that this process has written without hearing whether they were committed. Whoever
// of the store reads such a task to change it, to tell of it or to remove it learns that, and the
// end is told as one of this process.
//
//   commit without an answer ──► add ──► read again: that very end ──► `is_ours`, told with `ends`
//                                  ├───► read again: somebody else's ──► forgotten
//                                  └───► looked at often, and older or gone ──► forgotten
//
// Threads: the database thread.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"
#include "postgres/tunables.hpp"

namespace longhaul::postgres {

class ends_in_doubt {
 public:
  /// `task` is what a change that ends it, and those behind that, would have left.
  void add(const task_record& task) {
    auto at = all_.find(std::string_view(task.id()));
    if (at == all_.end()) {
      if (all_.size() >= tunables::most_ends_in_doubt) return;
      at = all_.emplace(task.id(), doubt()).first;
    }
    at->second.written.push_back(facts_of(task));
  }
  /// A task of this revision tells what became of an end in doubt.
  bool decided_by(std::string_view id, std::uint64_t rev) const {
    const auto at = all_.find(id);
    return at != all_.end() && std::ranges::any_of(at->second.written, [&](const facts& each) {
             return rev >= each.rev;
           });
  }
  /// This state is an end of ours that was in doubt. Once decided, it is so no longer.
  bool is_ours(const task_record& read) {
    if (!decided_by(read.id(), read.rev)) return false;
    const auto at = all_.find(std::string_view(read.id()));
    const facts now = facts_of(read);
    const bool ours = std::ranges::any_of(at->second.written, [&](const facts& each) {
      return now.rev >= each.rev && now.epoch == each.epoch && now.status == each.status &&
             now.at == each.at;
    });
    all_.erase(at);
    return ours;
  }
  void forget(std::string_view id) noexcept {
    if (const auto at = all_.find(id); at != all_.end()) all_.erase(at);
  }
  /// It is older still, or is there no more: what tells is on its way, or will never come.
  void looked_in_vain(std::string_view id) noexcept {
    const auto at = all_.find(id);
    if (at != all_.end() && ++at->second.looks >= tunables::looks_for_an_end) all_.erase(at);
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    result.reserve(all_.size());
    for (const auto& each : all_) result.push_back(each.first);
    return result;
  }

 private:
  // No two processes end a task in the same millisecond in the same way. What others change of one
  // that has ended leaves all but its revision.
  struct facts {
    std::uint64_t rev, epoch;
    task_status status;
    timestamp at;
  };
  struct doubt {
    std::vector<facts> written = {};  // by one attempt after another
    int looks = 0;
  };
  static facts facts_of(const task_record& task) noexcept {
    return {task.rev, task.epoch, task.status, task.updated_at};
  }
  std::map<std::string, doubt, std::less<>> all_;
};

}  // namespace longhaul::postgres
