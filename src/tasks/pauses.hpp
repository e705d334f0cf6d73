// SPDX-License-Identifier: Apache-2.0
// Handlers that wait for time to pass (`task_context::sleep_for`), where a test moves the clock:
// each goes on once its time has come on that clock, whatever the machine's clock says.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "longhaul/clock.hpp"

namespace longhaul::tasks {

class waiter;

class pauses {
 public:
  pauses(const clock_source& clock, bool by_hand) : clock_(clock), by_hand_(by_hand) {}
  pauses(const pauses&) = delete;
  pauses& operator=(const pauses&) = delete;

  /// Somebody moves the clock and calls `look_at_the_clock`: the rest may be used.
  bool by_hand() const noexcept { return by_hand_; }
  /// Until `duration` has passed, or stop is requested. `id`: the task whose handler waits.
  void wait(std::string_view id, milliseconds duration, const std::stop_token& stop);
  boost::asio::awaitable<void> async_wait(std::string id, milliseconds duration,
                                          std::stop_token stop);
  /// Whose time has come goes on.
  void look_at_the_clock();

  /// The handler of this task waits, and its time has not come.
  bool holds(std::string_view id) const;
  /// The first time that is still to come.
  std::optional<monotonic_time> next() const;

 private:
  struct entry {
    std::string id;
    monotonic_time due;
    std::weak_ptr<waiter> hears = {};  // of a coroutine
  };
  class stay;
  bool is_over(monotonic_time due) const { return clock_.monotonic() >= due; }

  const clock_source& clock_;
  const bool by_hand_;
  mutable guarded_mutex mutex_;
  condition changed_;
  std::list<entry> entries_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
