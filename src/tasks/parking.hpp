// SPDX-License-Identifier: Apache-2.0
// A place among the handlers that wait for an answer, for the length of a scope. While it waits, a
// handler leaves its slot to others; before it goes on it takes one again.
//
//   found ──► leave ──► (waits) ──► retake ──► goes on with a slot
//     └─ no place: it must not ask
//
// Threads: the handler's own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "tasks/running_task.hpp"
#include "tasks/slots.hpp"

namespace longhaul::tasks {

class parking {
 public:
  parking(slots& places, running_task& task)
      : slots_(places), task_(task), found_(places.park(task.quota())) {}
  parking(const parking&) = delete;
  parking& operator=(const parking&) = delete;
  ~parking() {
    if (found_) slots_.unpark(task_.quota());
  }

  bool found() const noexcept { return found_; }
  void leave();
  /// Waits for a slot. One that asks twice at once has one slot all the same. What cancels the
  /// caller does not end this wait, but a stop does: there may be no slot for hours. Requires: the
  /// caller's `throw_if_cancelled` is off, or its own cancellation keeps it from coming here.
  boost::asio::awaitable<void> retake();

 private:
  class returning;

  boost::asio::awaitable<void> wait_for_slot();

  slots& slots_;
  running_task& task_;
  const bool found_;
};

}  // namespace longhaul::tasks
