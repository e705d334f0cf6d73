// SPDX-License-Identifier: Apache-2.0
#include "tasks/stall_watch.hpp"

#include <string>

#include "base/duration.hpp"
#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
#include "tasks/running_task.hpp"

namespace longhaul::tasks {

boost::asio::awaitable<void> stall_watch::look() {
  for (const auto& run : core_.running.all()) {
    const auto limit = run->stalled(run->store().now().mono);
    if (limit) co_await end(*run, *limit);
  }
}

boost::asio::awaitable<void> stall_watch::end(running_task& run, milliseconds limit) {
  const std::string why = "no sign of life for " + in_words(limit) + " (stall_limit)";
  const task_record& task = *run.claimed();
  if (stores::attempts_left(task) && includes(task.origin->retry_on, retry_on::stall)) {
    const handler_run::retry_wish wish{why};
    co_await reporter_.write_retry(run, wish);
    co_return;
  }
  std::string data;
  json::object(data).string("limit", "stall_limit").integer("milliseconds", limit.count()).close();
  const outcome failure =
      outcome::protocol_error(error_codes::time_limit, why, raw_json::trusted(std::move(data)));
  co_await reporter_.write_end(run, failure);
}

}  // namespace longhaul::tasks
