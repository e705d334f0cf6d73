// SPDX-License-Identifier: Apache-2.0
// Why a question to the caller came to nothing.
//
// Threads: plain values.
#pragma once

#include <stdexcept>
#include <string>

namespace longhaul {

/// A question that cannot be asked, or an answer that is none.
class question_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The client answered with an error, as a user does who allows no sampling, or again and again
/// with something that is no answer. (To a form or a page nobody answers by `cancel`.)
class question_refused : public question_error {
 public:
  question_refused(int code, const std::string& message) : question_error(message), code_(code) {}
  /// That of the client's JSON-RPC error: −1 is what the specification has for a user who refuses
  /// sampling; `unfit_code`: no answer of it fitted the question.
  int code() const noexcept { return code_; }

  static constexpr int unfit_code = -32602;

 private:
  int code_;
};

}  // namespace longhaul
