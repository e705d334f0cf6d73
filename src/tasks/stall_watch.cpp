// SPDX-License-Identifier: Apache-2.0
#include "tasks/stall_watch.hpp"

#include <exception>
#include <string>

#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
#include "tasks/certain.hpp"
#include "tasks/running_task.hpp"

namespace longhaul::tasks {

boost::asio::awaitable<void> stall_watch::look() {
  for (const auto& run : core_.running.all()) {
    const auto limit = run->stalled(run->store().now().mono);
    if (!limit) continue;
    try {
      co_await end(*run, *limit);
    } catch (const std::exception& e) {  // the next tick tries again
      core_.log.trouble("upkeep.failed", e.what(), run->id());
    }
  }
}

// Whoever hears of the change stops the handler.
boost::asio::awaitable<void> stall_watch::end(running_task& run, milliseconds limit) const {
  const task_record& task = *run.claimed();
  const std::string why = "no sign of life for " + stores::in_words(limit) + " (stall_limit)";
  if (stores::attempts_left(task) && includes(task.origin->retry_on, retry_on::stall)) {
    const monotonic_time now = run.store().now().mono;
    const monotonic_time at = stores::next_attempt_at(task, now);
    const auto retry = [&] { return run.store().retry(run.id(), run.writer(), why, at); };
    co_await certain(retry);
    core_.log.retry(task, why, at - now);
    co_return;
  }
  std::string data;
  json::object(data).string("limit", "stall_limit").integer("milliseconds", limit.count()).close();
  const outcome failure =
      outcome::protocol_error(error_codes::time_limit, why, raw_json::trusted(std::move(data)));
  const auto finish = [&] { return run.store().finish(run.id(), run.writer(), failure, why); };
  co_await certain(finish);
}

}  // namespace longhaul::tasks
