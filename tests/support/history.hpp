// SPDX-License-Identifier: Apache-2.0
// A checker of linearizability for the history of one task: is there an order of all operations,
// each at one instant between its call and its answer, in which every answer is what the lifecycle
// says? (Wing and Gong's search with a memory of dead ends, as in Lowe 2017.) An operation without
// an answer may have taken effect at any time after its call, or never.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "longhaul/task.hpp"
#include "stores/store.hpp"

namespace longhaul::test {

/// What one client did and was told.
struct operation {
  enum class kind : std::uint8_t { get, report, finish, cancel };
  kind what = kind::get;
  std::string argument = {};  ///< status message, result text, reason

  std::uint64_t called = 0;    ///< instants of one counter
  std::uint64_t answered = 0;  ///< not used if the answer is missing

  struct reply {
    stores::change_code code = stores::change_code::applied;  ///< `applied` for get
    std::uint64_t rev = 0;
    task_status status = task_status::working;
    std::string message = {};
  };
  std::optional<reply> answer = std::nullopt;  ///< null: unknown
};

/// True if the history of one task, claimed with epoch 1 and `rev` 1 at its beginning, can be put
/// in order. At most 64 operations.
bool linearizable(const std::vector<operation>& history);

}  // namespace longhaul::test
