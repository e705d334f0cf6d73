// SPDX-License-Identifier: Apache-2.0
// What the API refuses: a status, and words for the one who asked.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace longhaul::operating {

class api_error : public std::runtime_error {
 public:
  api_error(int status, const std::string& message, std::string hint = {})
      : std::runtime_error(message), status_(status), hint_(std::move(hint)) {}
  int status() const noexcept { return status_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  int status_;
  std::string hint_;
};

/// "not_found" and its like: the word for a status.
std::string_view error_code_of(int status) noexcept;
/// `{"code":…,"message":…,"hint":…}`, the body of every refusal.
std::string error_body(int status, std::string_view message, std::string_view hint = {});

}  // namespace longhaul::operating
