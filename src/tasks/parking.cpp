// SPDX-License-Identifier: Apache-2.0
#include "tasks/parking.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "tasks/waiter.hpp"

namespace longhaul::tasks {

// However the wait ends, cancelled by whoever awaits it included: a slot that was given is held.
class parking::returning {
 public:
  returning(slots& places, running_task& task, std::function<void()> ready)
      : slots_(places),
        task_(task),
        ticket_(places.reacquire(task.quota(), task.use(), std::move(ready))) {}
  returning(const returning&) = delete;
  returning& operator=(const returning&) = delete;
  ~returning() {
    if (slots_.withdraw(ticket_)) return;
    if (!task_.holds_slot.exchange(true)) {
      task_.slot_came_back();
    } else {  // another question brought one back
      slots_.release(task_.quota(), task_.use());
    }
  }
  bool waits() const { return slots_.waits(ticket_); }

 private:
  slots& slots_;
  running_task& task_;
  const slots::ticket ticket_;
};

void parking::leave() {
  if (task_.holds_slot.exchange(false)) slots_.release(task_.quota(), task_.use());
}

boost::asio::awaitable<void> parking::retake() {
  while (!task_.holds_slot && !task_.cancelled()) {
    try {
      co_await wait_for_slot();
    } catch (const boost::system::system_error&) {  // NOLINT(bugprone-empty-catch): once more
    }
  }
}

boost::asio::awaitable<void> parking::wait_for_slot() {
  const auto hears = std::make_shared<waiter>(co_await boost::asio::this_coro::executor);
  const waiter::closer closing(*hears);
  task_.await_slot(hears);
  const returning back(slots_, task_, [hears] { hears->wake(); });
  const std::stop_callback on_stop(task_.stop_token(), [&hears] { hears->wake(); });
  while (back.waits() && !task_.holds_slot && !task_.cancelled()) co_await hears->next();
}

}  // namespace longhaul::tasks
