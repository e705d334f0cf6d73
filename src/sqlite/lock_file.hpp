// SPDX-License-Identifier: Apache-2.0
// Who may write a database: the process that holds `flock` on PATH.lock, which names its pid.
// Servers, vacuum and migrate take it; those that only read do not.
#pragma once

#include <stdexcept>
#include <string>

namespace longhaul::sqlite {

/// Another process has the lock; the text names its pid.
class store_in_use : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class lock_file {
 public:
  /// Locks `database`.lock, making it (mode 0600) if there is none. Throws `store_in_use`,
  /// or another `std::runtime_error` if it cannot be made.
  explicit lock_file(const std::string& database);
  ~lock_file();
  lock_file(const lock_file&) = delete;
  lock_file& operator=(const lock_file&) = delete;

 private:
  int file_ = -1;
};

}  // namespace longhaul::sqlite
