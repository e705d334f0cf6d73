// SPDX-License-Identifier: Apache-2.0
#include "tasks/reaper.hpp"

#include <exception>
#include <vector>

#include "tasks/direct_run.hpp"
#include "tasks/running_task.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::tasks {

boost::asio::awaitable<void> reaper::look() {
  const stores::instant now = core_.now();
  for (const auto& run : core_.direct.all()) look_at(*run, now);
  // The lane in memory first: it never fails, and must not grow while the other one is down. It
  // may hold the plain calls of one whole tick: take all of them.
  std::size_t removed = tunables::tick_batch;
  while (removed == tunables::tick_batch) removed = co_await purge(core_.lanes.in_memory());
  co_await core_.lanes.in_memory().store->expire(tunables::tick_batch);
  co_await core_.options.store->expire(tunables::tick_batch);
  co_await purge(core_.lanes.durable());
}

// What fails for one does not keep the others from their limits.
void reaper::look_at(direct_run& run, stores::instant now) const {
  try {
    run.look_at(now);
  } catch (const std::exception& e) {
    core_.log.trouble("upkeep.failed", e.what(), run.id());
  }
}

boost::asio::awaitable<std::size_t> reaper::purge(lane& home) {
  const std::vector<std::string> removed = co_await home.store->purge(tunables::tick_batch);
  if (core_.options.on_removed && !removed.empty()) core_.options.on_removed(removed);
  co_return removed.size();
}

boost::asio::awaitable<std::size_t> reaper::remove_expired() {
  std::size_t total = 0, removed = tunables::tick_batch, failed = tunables::tick_batch;
  while (failed == tunables::tick_batch) {
    failed = co_await core_.options.store->expire(tunables::tick_batch);
  }
  while (removed == tunables::tick_batch) {
    removed = co_await purge(core_.lanes.durable());
    total += removed;
  }
  co_return total;
}

boost::asio::awaitable<void> reaper::audit() {
  const monotonic_time now = core_.monotonic();
  if (audited_at_ && now - *audited_at_ < core_.options.audit_every) co_return;
  audited_at_ = now;
  co_await audit_claims();
  co_await audit_places();
}

boost::asio::awaitable<void> reaper::audit_claims() {
  const std::vector<task_ptr> claims = co_await core_.options.store->claimed(core_.process.get());
  runs unknown;
  for (const task_ptr& task : claims) {
    if (core_.running.find(task->id())) continue;
    stores::run_name stray{task->id(), task->epoch};
    if (!suspects_.contains(stray)) {
      unknown.insert(std::move(stray));
      continue;
    }
    core_.log.trouble("task.unclaimed", "claimed here, but nothing runs it; giving it back",
                      task->id());
    try {
      co_await claimer_.give_up(core_.lanes.durable(), task, stores::writer::stage::not_begun);
    } catch (const std::exception& e) {  // the next audits try again
      core_.log.trouble("task.not_handed_back", e.what(), task->id());
    }
  }
  suspects_ = std::move(unknown);
}

boost::asio::awaitable<void> reaper::audit_places() {
  stores::store& store = *core_.options.store;
  runs unknown;
  for (stores::run_name& held : co_await store.held(core_.process.get())) {
    if (core_.keyed.contains(held)) continue;
    if (left_behind_.contains(held)) {
      co_await store.leave(held.id, held.epoch);
    } else {
      unknown.insert(std::move(held));
    }
  }
  left_behind_ = std::move(unknown);
}

}  // namespace longhaul::tasks
