// SPDX-License-Identifier: Apache-2.0
// What a call or a `tasks/result` that waits carries along. A part of the dispatcher: nobody else
// includes this.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/dispatcher.hpp"

namespace longhaul::serving {

struct dispatcher::wait_state {
  const caller& who;
  call_request& request;
  exchange& open;
  audience& to;
  task_ptr now;
  progress_pace pace;
  bool cancel_on_abandon = false;
  bool report_changes = false;     // the audience hears of every state
  bool stop_at_question = false;   // any question ends the wait
  bool stop_at_unaskable = false;  // one ends it that this caller cannot be asked here
  bool may_be_handed_out = false;  // the work behind a plain call may become a task
  bool begun_here = false;         // by this request: nobody else waits for it
  exchange::clock::time_point deadline = exchange::clock::time_point::max();

  bool announced = false;                  // `waiting` was called
  bool only_as_task = false;               // a question came that ends the wait
  std::map<std::string, int> asked = {};   // by key: the rounds that the audience took
  std::map<std::string, int> rounds = {};  // by key: the round that is due
  bool retry_question = false;
  std::vector<tasks::log_event> logs = {};  // those that the audience did not take yet
  task_ptr unsent = nullptr;                // a state that it has not heard of
  bool slow = false;                        // … because it did not take it
  notify_window states = {};
  std::optional<task_status> told_status = std::nullopt;

  bool must_retry() const { return slow || !logs.empty() || retry_question; }
};

/// Takes an exchange out of everything, for the end of a scope.
class exchange_closer {
 public:
  explicit exchange_closer(exchange& open) : open_(open) {}
  exchange_closer(const exchange_closer&) = delete;
  exchange_closer& operator=(const exchange_closer&) = delete;
  ~exchange_closer() {
    open_.following.clear();
    open_.close();
  }

 private:
  exchange& open_;
};

}  // namespace longhaul::serving
