// SPDX-License-Identifier: Apache-2.0
// A checker of linearizability for the history of one task: is there an order of all operations,
// each at one instant between its call and its answer, in which every answer is what the lifecycle
// says? (Wing and Gong's search with a memory of dead ends, as in Lowe 2017.) An operation without
// an answer may have taken effect at any time after its call, or never.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "longhaul/stores/values.hpp"
#include "longhaul/task.hpp"

namespace longhaul::testkit::contract {

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

namespace detail {

using stores::change_code;

// The lifecycle in its simplest words, on purpose not the code that is tested.
struct model_task {
  std::uint64_t rev = 1;
  task_status status = task_status::working;
  std::string message = {};
  std::string result = {};

  auto as_tuple() const { return std::tie(rev, status, message, result); }

  change_code apply(const operation& op) {
    switch (op.what) {
      case operation::kind::get:
        return change_code::applied;
      case operation::kind::report:
        if (is_terminal(status)) return change_code::already_terminal;
        if (message == op.argument) return change_code::unchanged;
        message = op.argument;
        break;
      case operation::kind::finish:
        if (status == task_status::completed && result == op.argument) {
          return change_code::unchanged;
        }
        if (is_terminal(status)) return change_code::already_terminal;
        status = task_status::completed;
        message = result = op.argument;
        break;
      case operation::kind::cancel:
        if (is_terminal(status)) return change_code::already_terminal;
        status = task_status::cancelled;
        message = "The task was cancelled: " + op.argument;
        break;
    }
    ++rev;
    return change_code::applied;
  }
};

inline bool fits(const operation::reply& answer, change_code code, const model_task& after) {
  return answer.code == code && answer.rev == after.rev && answer.status == after.status &&
         answer.message == after.message;
}

class order_search {
 public:
  explicit order_search(const std::vector<operation>& history) : history_(history) {}

  bool possible(std::uint64_t done, const model_task& state) {
    // The earliest answer that is still missing: whoever was called after it cannot come before.
    std::uint64_t horizon = ~std::uint64_t{0};
    bool finished = true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if ((done >> i & 1) != 0 || !history_[i].answer) continue;
      finished = false;
      horizon = std::min(horizon, history_[i].answered);
    }
    if (finished) return true;
    if (!tried_.emplace(done, state.as_tuple()).second) return false;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const operation& op = history_[i];
      if ((done >> i & 1) != 0 || op.called > horizon) continue;
      model_task next = state;
      const change_code code = next.apply(op);
      if (op.answer && !fits(*op.answer, code, next)) continue;
      if (possible(done | std::uint64_t{1} << i, next)) return true;
    }
    return false;
  }

 private:
  const std::vector<operation>& history_;
  std::set<
      std::pair<std::uint64_t, std::tuple<std::uint64_t, task_status, std::string, std::string>>>
      tried_;
};

}  // namespace detail

/// True if the history of one task, claimed with epoch 1 and `rev` 1 at its beginning, can be put
/// in order. At most 64 operations.
inline bool linearizable(const std::vector<operation>& history) {
  if (history.size() > 64) throw std::invalid_argument("too many operations for the checker");
  return detail::order_search(history).possible(0, detail::model_task());
}

}  // namespace longhaul::testkit::contract
