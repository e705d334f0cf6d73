// SPDX-License-Identifier: Apache-2.0
// How many tasks run at once with each concurrency key, and which tools are paused: what may begin.
//
//   try_begin ──► counted ──► end          (by the record's process: `roster`)
//
// Tasks without a key are not counted.
//
// Threads: any. It has one lock, which is held for a look-up; tasks without a key do not take it,
// as long as no tool is paused.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "stores/index_keys.hpp"

namespace longhaul::stores {

class run_counts {
 public:
  /// What a task that is created needs to begin at once: given back unless it is kept.
  class place {
   public:
    place(run_counts& runs, const new_task& task)
        : runs_(runs),
          task_(*task.origin),
          taken_(task.claim_for && (task.begins_anyway ? runs.begin(task_)
                                                       : runs.try_begin(task_, task.concurrency))) {
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (taken_) runs_.end(task_);
    }
    bool taken() const noexcept { return taken_; }
    /// From now on it is that of the record.
    void keep() noexcept { taken_ = false; }

   private:
    run_counts& runs_;
    const task_origin& task_;
    bool taken_;
  };

  /// Counts one more, unless its tool is paused or `limit` (0: none) is reached, by what is counted
  /// or by `handlers`, those that are known to run, counted or not.
  bool try_begin(const task_origin& task, std::size_t limit, std::size_t handlers = 0);
  /// The same without a limit: one that runs already. Returns true.
  bool begin(const task_origin& task);
  void end(const task_origin& task) noexcept;
  std::size_t running(const std::pair<std::string, std::string>& tool_and_key) const;

  /// False: it was so before.
  bool pause(std::string_view tool, timestamp since);
  bool resume(std::string_view tool);
  bool is_paused(std::string_view tool) const;
  paused_tools paused() const;

  /// Keys that are counted.
  std::size_t size() const;

 private:
  using tool_and_key = std::pair<std::string, std::string>;
  static two_views key_of(const task_origin& task) noexcept {
    return {task.tool, *task.concurrency_key};
  }
  /// With an entry where there was none.
  std::size_t& count_of(const task_origin& task) LONGHAUL_REQUIRES(mutex_);

  std::atomic<bool> any_paused_{false};  // so that most calls need no lock
  mutable guarded_mutex mutex_;
  std::map<tool_and_key, std::size_t, pair_order> running_ LONGHAUL_GUARDED_BY(mutex_);
  paused_tools paused_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::stores
