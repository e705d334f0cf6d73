// SPDX-License-Identifier: Apache-2.0
#include "tasks/recovery.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>

namespace longhaul::tasks {

boost::asio::awaitable<void> recovery::begin() {
  auto delay = std::chrono::steady_clock::duration(tunables::retry_delay);
  for (int attempt = 0;; ++attempt) {
    try {
      co_await recover();
      co_return;
    } catch (const stores::store_error& e) {
      if (core_.in_trouble()) {
        done_ = false;
        core_.log.trouble("recover.waits", std::string("nothing runs before: ") + e.what());
        co_return;
      }
      if (attempt == tunables::retry_attempts) throw;
      core_.log.trouble("recover.failed", std::string("once more: ") + e.what());
    }
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, delay);
    co_await timer.async_wait(boost::asio::use_awaitable);
    delay *= tunables::retry_growth;
  }
}

boost::asio::awaitable<void> recovery::look() {
  if (!done_) {
    co_await recover();
    done_ = true;
    core_.lanes.durable().backlog = true;
  }
  const monotonic_time now = core_.monotonic();
  if (!lease_.may_declare_dead(now)) co_return;
  const milliseconds interval = core_.options.lease / tunables::recoveries_per_lease;
  if (looked_at_ && now - *looked_at_ < interval) co_return;
  looked_at_ = now;
  co_await recover();
}

boost::asio::awaitable<void> recovery::recover() {
  const stores::recover_result result = co_await core_.options.store->recover();
  if (result.handed_back + result.failed == 0) co_return;
  core_.log.lines().info("recover", "tasks of processes that are gone",
                         {{"rerun", result.handed_back}, {"failed", result.failed}});
  core_.lanes.durable().backlog = true;
}

}  // namespace longhaul::tasks
