// SPDX-License-Identifier: Apache-2.0
// Ids of the questions that the server puts to clients, signed: whichever process gets the reply
// recognises it, after a restart as well. Nothing of it is stored here.
//
// Thread-safe: immutable after construction.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/secrets.hpp"

namespace longhaul::wire {

/// Ids of server→client requests. An id names the task and the question, so that its reply becomes
/// an answer on whichever process receives it, after a restart too.
class question_ids {
 public:
  struct question {
    std::string task;
    std::string key;
    int round = 0;  ///< how often it was put before
  };

  /// Requires: at least one secret.
  explicit question_ids(std::span<const std::string> secrets);
  /// Visible ASCII. `key` may be any text.
  std::string make(std::string_view task, std::string_view key, int round = 0) const;
  /// Null: not one of ours.
  std::optional<question> read(std::string_view id) const;

 private:
  std::vector<derived_key> keys_;
};

}  // namespace longhaul::wire
