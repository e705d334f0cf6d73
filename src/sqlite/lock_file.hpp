// SPDX-License-Identifier: Apache-2.0
// Who may write a database: the process that holds `flock` on PATH.lock, which names its pid.
// Servers, vacuum and migrate take it; those that only read do not.
#pragma once

#include <string>

namespace longhaul::sqlite {

class lock_file {
 public:
  /// Locks `database`.lock, making it (mode 0600) if there is none. Throws `std::runtime_error`
  /// that names the pid of who has it.
  explicit lock_file(const std::string& database);
  ~lock_file();
  lock_file(const lock_file&) = delete;
  lock_file& operator=(const lock_file&) = delete;

 private:
  int file_ = -1;
};

}  // namespace longhaul::sqlite
