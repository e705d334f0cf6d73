// SPDX-License-Identifier: Apache-2.0
// Committed records that are read without touching the file: all live tasks, and those that ended
// lately, up to a number of bytes. Filled by the writer after a commit, never before, and by nobody
// else: what a reader found may be old when it comes.
//
// Threads: any. A task is in one shard, each with a lock; the order of what may go has its own,
// taken first.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"
#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {

class task_cache {
 public:
  explicit task_cache(std::size_t max_ended_bytes) : max_ended_bytes_(max_ended_bytes) {}

  /// Null: not here; the file may have it.
  task_ptr find(std::string_view id) const;
  /// Keeps the record unless a newer one is here.
  void put(const task_ptr& task);
  void remove(std::string_view id);
  /// Drops all that have ended: the file has them.
  void forget_ended();
  /// All that have not ended.
  std::vector<task_ptr> unfinished() const;
  std::size_t size() const;

 private:
  struct alignas(64) shard {
    mutable guarded_mutex mutex;
    boost::unordered_flat_map<std::string_view, task_ptr> tasks LONGHAUL_GUARDED_BY(mutex);
  };
  shard& shard_of(std::string_view id) const noexcept;
  void keep_ended(const task_ptr& task);

  const std::size_t max_ended_bytes_;
  mutable std::array<shard, tunables::cache_shards> shards_;

  guarded_mutex ended_mutex_;
  // Ids and sizes in the order of their coming; one that came twice goes at its first turn.
  std::deque<std::pair<std::string, std::size_t>> ended_ LONGHAUL_GUARDED_BY(ended_mutex_);
  std::size_t ended_bytes_ LONGHAUL_GUARDED_BY(ended_mutex_) = 0;
};

}  // namespace longhaul::sqlite
