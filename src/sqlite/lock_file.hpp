// SPDX-License-Identifier: Apache-2.0
// Who may write a database: the process that holds `flock` on PATH.lock, which names its pid, and
// on the database itself, by whatever name it was opened. Servers, vacuum and migrate take both;
// those that only read do not. Who holds them also knows whether the file at PATH is still the one
// that was opened, and whole.
//
// On Linux `flock` and the locks that SQLite takes (fcntl) do not see each other on local file
// systems, the only ones where a write-ahead log works. But closing *any* descriptor of a file
// drops all fcntl locks of the process on it: so the database's is closed after the last connection
// only, and not even opened while another `lock_file` of this process has it.
//
// Threads: `lost` any.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/mutex.hpp"

namespace longhaul::sqlite {

/// Another process has the lock; the text names its pid.
class store_in_use : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class lock_file {
 public:
  /// Locks `database`, making it (mode 0600) if there is none, and `database`.lock. Throws
  /// `store_in_use`, or another `std::runtime_error` if it cannot be made, or others may write it.
  explicit lock_file(const std::string& database);
  /// Requires: no connection of this process has the database open.
  ~lock_file();
  lock_file(const lock_file&) = delete;
  lock_file& operator=(const lock_file&) = delete;

  /// Why what is written to the open file is not what the next server will find: removed, replaced
  /// or cut short, it or its log, or another process may have the lock. Words without paths; empty:
  /// nothing is wrong. Cheap: a few calls of `stat`.
  std::string lost() const;
  /// The same of the log alone, before something is appended: afterwards it seems whole.
  std::string lost_log() const;
  /// The log is the file that has its name now. Whoever has just opened the database says so.
  void log_opened();
  /// The log has at least so many bytes.
  void log_grown(std::uint64_t bytes);
  /// While somebody holds it, the database's size is not looked at: it is being moved to.
  std::timed_mutex& moving() noexcept { return moving_; }

 private:
  using inode = std::pair<dev_t, ino_t>;

  std::string lost_database() const;
  void take_database(const std::string& shown);

  std::string path_, lock_path_, name_;
  int lock_ = -1, database_ = -1;
  inode inode_{};
  mutable std::timed_mutex moving_;
  mutable std::uint64_t seen_ = 0;  // bytes of the database when it was looked at; by `moving_`

  mutable guarded_mutex mutex_;
  inode log_ LONGHAUL_GUARDED_BY(mutex_){};
  std::uint64_t log_bytes_ LONGHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace longhaul::sqlite
