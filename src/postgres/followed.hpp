// SPDX-License-Identifier: Apache-2.0
// The tasks of which this process wants to know every change: those that it runs, and those that
// somebody here follows. Of each the newest state that it knows.
//
//   committed (we changed it) ──► known ──► told, always
//   fetched (others did)      ──► known, if it is newer ──► told
//   ended ──► not known any more
//
// Threads: `follow`, `unfollow` and `known` any; the rest the database thread's.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "postgres/task_rows.hpp"

namespace longhaul::postgres {

class followed {
 public:
  void follow(std::string_view id);
  void unfollow(std::string_view id) noexcept;
  task_ptr known(std::string_view id) const;

  /// Tasks that these processes run are ours.
  void add_process(const process_id& mine);
  std::set<process_id> processes() const;
  /// The state that a change of ours has made. `row.record` may be whole.
  void committed(const task_row& row);
  /// A state that was read because others changed it; false: that is no news.
  bool fetched(const task_row& row);
  /// There is no such task any more. `rev`: up to which that can be said (0: nothing was known of
  /// it); one that has come meanwhile stays.
  void gone(std::string_view id, std::uint64_t rev);

  /// What is known of a task that is here; without a record: nothing.
  task_row row(std::string_view id) const;
  /// Somebody wants to hear of this revision.
  bool wants(std::string_view id, std::uint64_t rev) const;
  struct interest {
    std::vector<std::string> ids;
    std::vector<std::uint64_t> revs;  ///< 0: nothing is known
  };
  interest all() const;

 private:
  struct entry {
    std::size_t follows = 0;
    bool ours = false;
    task_row known = {};
    std::uint64_t rev = 0;  // of `known`, or of the end
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using entries = std::unordered_map<std::string, entry, hash, std::equal_to<>>;
  void take(entry& into, const task_row& row, bool ours) LONGHAUL_REQUIRES(mutex_);

  mutable guarded_mutex mutex_;
  entries all_ LONGHAUL_GUARDED_BY(mutex_);
  std::set<process_id> mine_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::postgres
