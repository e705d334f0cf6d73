// SPDX-License-Identifier: Apache-2.0
// Why `longhaul admin` did not do what was asked: in the words of the API, also where it was not
// the API that refused.
//
// Threads: plain values.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "exit_codes.hpp"

namespace longhaul {

class admin_error : public std::runtime_error {
 public:
  /// `code`: of the API, or `unreachable`, `lost`, `interrupted`, `waits`.
  admin_error(std::string code, const std::string& message, std::string hint,
              exit_code ends = exit_code::usage)
      : std::runtime_error(message), code_(std::move(code)), hint_(std::move(hint)), ends_(ends) {}

  const std::string& code() const noexcept { return code_; }
  /// What to do about it, or empty.
  const std::string& hint() const noexcept { return hint_; }
  exit_code ends() const noexcept { return ends_; }
  /// Nobody answered: somebody may, later.
  bool unreachable() const noexcept { return ends_ == exit_code::unreachable; }

 private:
  std::string code_, hint_;
  exit_code ends_;
};

}  // namespace longhaul
