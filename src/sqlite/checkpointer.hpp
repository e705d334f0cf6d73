// SPDX-License-Identifier: Apache-2.0
// Moves the write-ahead log into the database, on a thread and a connection of its own, so that no
// commit waits for it. What is appended while it works is left to the writer, which moves that
// little itself once the log has grown large, because only a log that was moved to its end is
// begun anew.
//
// Threads: `after_batch`, `must_force` and `force` the writer's; the others any.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "base/mutex.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {

class checkpointer {
 public:
  /// The thread starts at once; the file is opened when there is something to do.
  /// `lock` must outlive it.
  checkpointer(std::string path, std::string vfs, lock_file& lock);
  ~checkpointer() { stop(); }
  checkpointer(const checkpointer&) = delete;
  checkpointer& operator=(const checkpointer&) = delete;

  /// `pages` are in the log; `writer` has no open transaction.
  void after_batch(connection& writer, int pages);
  /// Readers that come and go all the time keep the log from beginning anew: it has grown so large
  /// that they must be held up for `force`.
  bool must_force(int pages) const noexcept { return pages >= force_from_; }
  /// Moves the log to its end; nobody of this process reads.
  void force(connection& writer, int pages);
  /// Why the log cannot be moved, and grows; empty: nothing is wrong. Tried again once a second.
  std::string trouble() const;
  void stop() noexcept;

 private:
  void run();
  /// False: somebody else moves it. Throws `sqlite_error`.
  bool move_log();

  const std::string path_, vfs_;
  lock_file& lock_;
  std::atomic<bool> round_done_{false};
  int force_from_ = tunables::log_huge;  // the writer's
  std::optional<connection> file_;       // the thread's

  mutable guarded_mutex mutex_;
  condition news_;
  std::string trouble_ LONGHAUL_GUARDED_BY(mutex_);
  bool wanted_ LONGHAUL_GUARDED_BY(mutex_) = false;
  bool stopping_ LONGHAUL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace longhaul::sqlite
