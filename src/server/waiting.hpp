// SPDX-License-Identifier: Apache-2.0
// One request that waits for a task: for its end, with progress, states, logs and questions
// meanwhile. One loop for every caller; what it sends, and how often, `pace.hpp` says.
//
//              ┌───────────── something happened, or is due ─────────────┐
//              ▼                                                         │
//   tell progress and state ──► ended? ──► the outcome                   │
//              │                                                         │
//              ├─ input_required ──► given answers, then questions ──► a reply, or a task
//              │                     (asked here, by the reply, or not at all)
//              ▼                                                         │
//   sleep in the exchange ──► the caller left: hidden work is cancelled  │
//                             (with a key: if it does not come again)    │
//                         ──► the server stops: refused                  │
//                         ──► the deadline: null                         │
//                         ──────────────────────────────────────────────►┘
//
// Threads: a value of one coroutine, on the exchange's executor.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/audience.hpp"
#include "server/context.hpp"
#include "server/exchange.hpp"
#include "server/pace.hpp"
#include "server/requests.hpp"

namespace longhaul::serving {

/// What a wait ends at, beside the end of its task.
struct wait_rules {
  monotonic_time deadline = monotonic_time::max();  ///< on the engine's clock
  bool report_changes = false;                      ///< the audience hears of every state
  bool stop_at_question = false;                    ///< any question ends the wait
  bool stop_at_unaskable = false;  ///< one ends it that this caller cannot be asked here
  bool may_be_handed_out = false;  ///< the work behind a plain call may become a task
  bool begun_here = false;         ///< by this request: nobody else waits for it
};

class task_wait {
 public:
  /// All of them must outlive the wait; `request` says how its caller can be asked, and loses the
  /// answers that it brought as they are used.
  task_wait(const context& server, const caller& who, call_request& request, exchange& mailbox,
            audience& listener, task_ptr task, const wait_rules& rules);

  /// Null: the deadline passed, or a question came that only a task can carry.
  awaitable<std::optional<call_reply>> until_end();
  /// The newest state that is known.
  const task_ptr& task() const noexcept { return task_; }

 private:
  progress_pace::moment moment() const;
  void tell_progress();
  void tell_state();
  /// When the wait is over, or has something to say.
  exchange::clock::time_point wake_at();
  void deliver(exchange::batch batch);
  /// Nobody else knows the work, or waits for it.
  bool is_ours_alone();
  awaitable<void> wait_for_return();
  awaitable<std::optional<call_reply>> leave(bool may_return);

  awaitable<std::optional<call_reply>> handle_questions();
  awaitable<std::optional<call_reply>> use_given_answers();
  awaitable<std::optional<call_reply>> refuse_given_answers(refused why);
  const task_input* unaskable() const;
  awaitable<std::optional<call_reply>> give_up_unaskable(const task_input& asked);
  std::vector<stores::response> take_given_answers();

  const context& server_;
  const caller& who_;
  call_request& request_;
  exchange& mailbox_;
  audience& listener_;
  task_ptr task_;
  const wait_rules rules_;
  progress_pace pace_;

  bool announced_ = false;                   // `waiting` was called
  bool only_as_task_ = false;                // a question came that ends the wait
  bool retry_question_ = false;              // one was not taken
  std::map<std::string, int> asked_ = {};    // by key: the rounds that the audience took
  std::map<std::string, int> rounds_ = {};   // by key: the round that is due
  std::vector<tasks::log_event> logs_ = {};  // those that the audience did not take yet
  task_ptr unsent_ = nullptr;                // a state that it has not heard of
  bool slow_ = false;                        // … because it did not take it
  notify_window states_ = {};
  std::optional<task_status> told_status_ = std::nullopt;
};

/// What a plain call is told of work that has ended.
call_reply outcome_of(const task_record& ended);

/// Takes an exchange out of everything, for the end of a scope.
class exchange_closer {
 public:
  explicit exchange_closer(exchange& mailbox) : mailbox_(mailbox) {}
  exchange_closer(const exchange_closer&) = delete;
  exchange_closer& operator=(const exchange_closer&) = delete;
  ~exchange_closer() {
    mailbox_.following.clear();
    mailbox_.close();
  }

 private:
  exchange& mailbox_;
};

/// A state that is another status is told at once, one of the same status not too often.
bool may_tell(notify_window& window, const std::optional<task_status>& told,
              const task_record& task, monotonic_time now);
/// When a time of the engine's clock is, on that of timers.
exchange::clock::time_point on_timer(monotonic_time time, monotonic_time now);

}  // namespace longhaul::serving
