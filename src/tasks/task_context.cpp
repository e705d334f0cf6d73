// SPDX-License-Identifier: Apache-2.0
// What every context can do with its stop token alone.
#include "longhaul/task_context.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "base/mutex.hpp"
#include "tasks/waiter.hpp"

namespace longhaul {
namespace {

// A time to come that a clock can say, however long the wait.
std::chrono::steady_clock::time_point time_after(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24) * 365 * 100;
  return std::chrono::steady_clock::now() +
         std::clamp(duration, std::chrono::milliseconds(0), longest);
}

}  // namespace

std::unique_ptr<std::stop_callback<std::function<void()>>> task_context::on_cancel(
    std::function<void()> fn) const {
  return std::make_unique<std::stop_callback<std::function<void()>>>(
      stop_token(), [call = std::move(fn)] {
        try {
          call();
        } catch (...) {  // NOLINT(bugprone-empty-catch): a stop callback has nobody to tell
        }
      });
}

void task_context::pause(std::chrono::milliseconds duration) const {
  const auto until = time_after(duration);
  guarded_mutex mutex;
  condition stopped;
  const std::stop_callback wake(stop_token(), [&] {
    const guard lock(mutex);
    stopped.notify_all();
  });
  {
    guard lock(mutex);
    while (!cancelled() && stopped.wait_until(lock, until)) {
    }
  }
  throw_if_cancelled();
}

boost::asio::awaitable<void> task_context::async_pause(std::chrono::milliseconds duration) const {
  const auto hears = std::make_shared<tasks::waiter>(co_await boost::asio::this_coro::executor);
  const tasks::waiter::closer closing(*hears);
  const std::stop_callback on_stop(stop_token(), [&hears] { hears->wake(); });
  const auto until = time_after(duration);
  try {
    co_await hears->next(until);
  } catch (const boost::system::system_error&) {
    throw_if_cancelled();  // else whoever awaits us has lost interest, as in `a || b`
    throw;
  }
  throw_if_cancelled();
}

}  // namespace longhaul
