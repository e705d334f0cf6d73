// SPDX-License-Identifier: Apache-2.0
#include "tasks/pauses.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>
#include <vector>

#include "base/clock_arithmetic.hpp"
#include "tasks/waiter.hpp"

namespace longhaul::tasks {

// An entry for the length of a scope.
class pauses::stay {
 public:
  stay(pauses& all, entry mine) : all_(all) {
    const guard lock(all_.mutex_);
    at_ = all_.entries_.insert(all_.entries_.end(), std::move(mine));
  }
  stay(const stay&) = delete;
  stay& operator=(const stay&) = delete;
  ~stay() {
    const guard lock(all_.mutex_);
    all_.entries_.erase(at_);
  }

 private:
  pauses& all_;
  std::list<entry>::iterator at_;
};

void pauses::wait(std::string_view id, milliseconds duration, const std::stop_token& stop) {
  const monotonic_time due = saturating_add(clock_.monotonic(), duration);
  const std::stop_callback wake(stop, [this] {
    const guard lock(mutex_);
    changed_.notify_all();
  });
  const stay here(*this, {std::string(id), due});
  guard lock(mutex_);
  while (!is_over(due) && !stop.stop_requested()) changed_.wait(lock);
}

boost::asio::awaitable<void> pauses::async_wait(std::string id, milliseconds duration,
                                                std::stop_token stop) {
  const monotonic_time due = saturating_add(clock_.monotonic(), duration);
  const auto hears = std::make_shared<waiter>(co_await boost::asio::this_coro::executor);
  const waiter::closer closing(*hears);
  const std::stop_callback on_stop(stop, [&hears] { hears->wake(); });
  const stay here(*this, {std::move(id), due, hears});
  while (!is_over(due) && !stop.stop_requested()) co_await hears->next();
}

void pauses::look_at_the_clock() {
  std::vector<std::shared_ptr<waiter>> over;
  {
    const guard lock(mutex_);
    changed_.notify_all();
    for (const entry& one : entries_) {
      if (!is_over(one.due)) continue;
      if (auto hears = one.hears.lock()) over.push_back(std::move(hears));
    }
  }
  for (const auto& hears : over) hears->wake();
}

bool pauses::holds(std::string_view id) const {
  const guard lock(mutex_);
  return std::ranges::any_of(entries_,
                             [&](const entry& one) { return one.id == id && !is_over(one.due); });
}

std::optional<monotonic_time> pauses::next() const {
  std::optional<monotonic_time> first;
  const guard lock(mutex_);
  for (const entry& one : entries_) {
    if (!is_over(one.due) && (!first || one.due < *first)) first = one.due;
  }
  return first;
}

}  // namespace longhaul::tasks
