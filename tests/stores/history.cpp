// SPDX-License-Identifier: Apache-2.0
#include "support/history.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace longhaul::test {
namespace {

using stores::change_code;

// The lifecycle in its simplest words, on purpose not the code that is tested.
struct model {
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

bool fits(const operation::reply& answer, change_code code, const model& after) {
  return answer.code == code && answer.rev == after.rev && answer.status == after.status &&
         answer.message == after.message;
}

class search {
 public:
  explicit search(const std::vector<operation>& history) : history_(history) {}

  bool possible(std::uint64_t done, const model& state) {
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
      model next = state;
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

}  // namespace

bool linearizable(const std::vector<operation>& history) {
  if (history.size() > 64) throw std::invalid_argument("too many operations for the checker");
  return search(history).possible(0, model());
}

}  // namespace longhaul::test
