// SPDX-License-Identifier: Apache-2.0
#include "tasks/claimer.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <utility>

#include "tasks/certain.hpp"
#include "tasks/outcomes.hpp"

namespace longhaul::tasks {

claimer::claimer(engine_core& core, boost::asio::any_io_executor keeper, permission may_claim,
                 starter start)
    : core_(core),
      keeper_(std::move(keeper)),
      may_claim_(std::move(may_claim)),
      start_(std::move(start)) {}

// `claiming_` is read first: a claim that begins later sees the change itself.
bool claimer::wanted() {
  if (core_.draining || !(claiming_ || core_.lanes.any_backlog())) return false;
  again_ = true;
  return !claiming_.exchange(true);
}

void claimer::claim_soon() {
  if (wanted()) boost::asio::co_spawn(keeper_, claim_all(), boost::asio::detached);
}

boost::asio::awaitable<void> claimer::claim_all() {
  while (true) {
    while (again_.exchange(false)) {
      const bool some = co_await claim_from(core_.lanes.durable());
      const bool more = co_await claim_from(core_.lanes.in_memory());
      if (some || more) again_ = true;
    }
    claiming_ = false;
    // Whoever asked between the last look and the line above found us claiming.
    if (!again_ || claiming_.exchange(true)) co_return;
  }
}

stores::claim_request claimer::request_for(slots::room room) const {
  stores::claim_request request;
  request.process = core_.process;
  const auto all = core_.options.tools->all();
  for (const tool_ptr& tool : *all) {
    request.tools.emplace(tool->options.name, core_.slots.left(use_of(*tool)));
  }
  request.saturated = std::move(room.saturated);
  request.count = room.count;
  return request;
}

boost::asio::awaitable<bool> claimer::claim_from(lane& home) {
  if (core_.draining || !may_claim_(home) || !home.backlog) co_return false;
  slots::room room = core_.slots.reserve(tunables::claimed_at_once);
  if (room.count == 0) co_return false;
  const stores::claim_request request = request_for(std::move(room));
  // Clear first: a task created while we claim sets it again.
  home.backlog = false;
  std::vector<task_ptr> claimed;
  try {
    claimed = co_await home.store->claim(request);
  } catch (const std::exception& e) {
    core_.slots.give_back(request.count);
    home.backlog = true;  // claims whose outcome is unknown are found by the audit
    if (!core_.in_trouble()) {
      core_.log.trouble("claim.failed", std::string("the next tick tries again: ") + e.what());
    }
    co_return false;
  }
  // Full, or cut by a bound: look again when somebody gives a slot back.
  const bool cut =
      !request.saturated.empty() || std::any_of(request.tools.begin(), request.tools.end(),
                                                [](const auto& tool) { return tool.second == 0; });
  const bool any = !claimed.empty();
  if (any || cut) home.backlog = true;
  co_await begin(home, std::move(claimed), request.count);
  co_return any;
}

boost::asio::awaitable<void> claimer::begin(lane& home, std::vector<task_ptr> claimed,
                                            std::size_t reserved) {
  std::vector<std::pair<task_ptr, tool_ptr>> found;
  for (task_ptr& task : claimed) {
    tool_ptr tool = core_.options.tools->find(task->tool());
    if (tool) {
      core_.slots.use_reserved(task->origin->quota, use_of(*tool));
      --reserved;
    }
    found.emplace_back(std::move(task), std::move(tool));
  }
  core_.slots.give_back(reserved);
  for (auto& [task, tool] : found) {
    if (tool) {
      co_await start_(home, std::move(task), std::move(tool));
    } else {  // removed since it was claimed: it waits as before
      co_await hand_back(home, std::move(task));
    }
  }
}

boost::asio::awaitable<void> claimer::hand_back(lane& home, task_ptr task) {
  const stores::writer writer{task->epoch, {}};
  const auto release = [&] { return home.store->release(task->id(), writer); };
  try {
    co_await certain(release);
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_handed_back", e.what(), task->id());
  }
}

boost::asio::awaitable<void> claimer::give_up(lane& home, task_ptr task) {
  const stores::writer writer{task->epoch, {}};
  if (task->origin->crash_policy == on_crash::rerun && home.is_durable) {
    const auto release = [&] { return home.store->release(task->id(), writer); };
    co_await certain(release);
    home.backlog = true;
    co_return;
  }
  const outcome end = lost(executor_lost_message);
  const auto finish = [&] {
    return home.store->finish(task->id(), writer, end, executor_lost_message);
  };
  co_await certain(finish);
}

}  // namespace longhaul::tasks
