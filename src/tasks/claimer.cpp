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
  if (core_.draining || !(claiming_ || core_.lanes.any_work())) return false;
  again_ = true;
  return !claiming_.exchange(true);
}

void claimer::claim_soon() {
  if (!wanted()) return;
  try {
    boost::asio::co_spawn(keeper_, claim_all(), boost::asio::detached);
  } catch (...) {  // the next tick asks again
    claiming_ = false;
  }
}

// However a claim ends (it throws, its frame is destroyed): the next one may begin.
class claimer::turn {
 public:
  explicit turn(std::atomic<bool>& claiming) : claiming_(claiming) {}
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn() {
    if (mine_) claiming_ = false;
  }
  void leave() noexcept {
    mine_ = false;
    claiming_ = false;
  }
  bool take_again() noexcept { return mine_ = !claiming_.exchange(true); }

 private:
  std::atomic<bool>& claiming_;
  bool mine_ = true;
};

boost::asio::awaitable<void> claimer::claim_all() {
  turn mine(claiming_);
  while (true) {
    while (again_.exchange(false)) {
      const bool some = co_await claim_from(core_.lanes.durable());
      const bool more = co_await claim_from(core_.lanes.in_memory());
      if (some || more) again_ = true;
    }
    mine.leave();
    // Whoever asked between the last look and the line above found us claiming.
    if (!again_ || !mine.take_again()) co_return;
  }
}

// Rows of the lane in memory are those of tools that never make tasks: no other one that is full
// keeps plain calls from their slots.
claimer::wish claimer::wish_for(const slots::reservation& room, const lane& home) const {
  wish result;
  result.request.process = core_.process.get();
  result.request.saturated = room.saturated();
  result.request.count = room.count();
  result.cut = !room.saturated().empty();
  const auto all = core_.options.tools->all();
  for (const tool_ptr& tool : *all) {
    const std::size_t left = core_.slots.left(use_of(*tool));
    result.request.tools.emplace(tool->options.name, left);
    if (tool->options.concurrency != 0) {
      result.request.concurrency.emplace(tool->options.name, tool->options.concurrency);
    }
    if (left == 0 && (home.is_durable || tool->options.policy == task_policy::never)) {
      result.cut = true;
    }
  }
  if (!home.is_durable) wish_for_waiting(result);
  if (!result.request.concurrency.empty()) {
    slots::by_key running = core_.slots.running_by_key();
    for (const std::string& tool : running.full) {
      const tool_ptr known = core_.options.tools->find(tool);
      const bool is_plain = !known || known->options.policy == task_policy::never;
      result.cut = result.cut || home.is_durable || is_plain;
    }
    result.request.handlers = std::move(running.handlers);
  }
  return result;
}

void claimer::wish_for_waiting(wish& wanted) const {
  for (const tool_ptr& tool : core_.waiting.in_memory()) {
    const std::size_t left = core_.slots.left(use_of(*tool));
    const auto [named, is_new] = wanted.request.tools.try_emplace(tool->options.name, left);
    if (!is_new) named->second = std::min(named->second, left);
    if (left == 0) wanted.cut = true;
    const std::size_t most = tool->options.concurrency;
    if (most != 0) wanted.request.concurrency.try_emplace(tool->options.name, most);
  }
}

// Nobody claims meanwhile, so what waits here waits.
boost::asio::awaitable<void> claimer::end_removed() {
  const auto removed = core_.waiting.without_tool(*core_.options.tools);
  for (const waiting_calls::call& one : removed) {
    try {
      co_await end_removed(one);
    } catch (const std::exception& e) {  // the next tick tries again
      if (!core_.in_trouble()) core_.log.trouble("task.end_unwritten", e.what(), one.id);
    }
  }
}

boost::asio::awaitable<void> claimer::end_removed(const waiting_calls::call& waiting) {
  stores::store& store = *core_.lanes.durable().store;
  const task_ptr now = co_await store.look(waiting.owner, waiting.id);
  if (now && !now->terminal() && now->process) co_return;  // it runs, and may wait again
  const bool waits = now && now->hidden && !now->terminal();
  if (waits) {
    const auto end = [&] { return store.cancel(waiting.owner, waiting.id, removed_reason); };
    co_await certain(end);
  }
  core_.waiting.remove(waiting.id);
}

boost::asio::awaitable<bool> claimer::claim_from(lane& home) {
  if (core_.draining || !may_claim_(home)) co_return false;
  const bool asked = home.look.exchange(false);
  if (home.is_durable) co_await end_removed();
  if (!home.backlog && !asked) co_return false;
  slots::reservation room = core_.slots.reserve(tunables::claimed_at_once);
  if (room.count() == 0) {
    if (asked) home.look = true;
    co_return false;
  }
  wish wanted;
  std::vector<task_ptr> claimed;
  try {
    wanted = wish_for(room, home);
    // Clear first: a task created while we claim sets it again.
    home.backlog = false;
    claimed = co_await home.store->claim(wanted.request);
  } catch (const std::exception& e) {
    home.backlog = true;  // claims whose outcome is unknown are found by the audit
    if (!core_.in_trouble()) {
      core_.log.trouble("claim.failed", std::string("the next tick tries again: ") + e.what());
    }
    co_return false;
  }
  // Full, or cut by a bound: look again when somebody gives a slot back.
  if (!claimed.empty() || wanted.cut) home.backlog = true;
  // What could not be started is tried again at the next tick, not at once.
  co_return co_await begin(home, std::move(claimed), std::move(room));
}

boost::asio::awaitable<bool> claimer::begin(lane& home, std::vector<task_ptr> claimed,
                                            slots::reservation room) {
  bool any = false;
  room.keep(claimed.size());
  for (task_ptr& task : claimed) {
    try {
      if (tool_ptr tool = seat(*task, room)) {
        const bool began = co_await start_(home, std::move(task), std::move(tool));
        any = any || began;
      } else {  // it waits as before, and others may have its slot
        co_await hand_back(home, std::move(task));
        any = true;
      }
    } catch (const std::exception& e) {  // the others begin all the same
      core_.log.trouble("task.not_begun", e.what());
    }
  }
  co_return any;
}

// Null: removed since it was claimed, or nothing more can be had. A plain call has what it was
// looked up with.
tool_ptr claimer::seat(const task_record& task, slots::reservation& room) const {
  try {
    tool_ptr tool = core_.waiting.definition_of(task.id());
    if (!tool) tool = core_.options.tools->find(task.tool());
    if (tool) room.use(task.origin->quota, use_of(*tool, *task.origin));
    return tool;
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_begun", e.what(), task.id());
    return nullptr;
  }
}

boost::asio::awaitable<void> claimer::hand_back(lane& home, task_ptr task) {
  const stores::writer writer{task->epoch, {}, stores::writer::stage::not_begun};
  const auto release = [&] { return home.store->release(task->id(), writer); };
  try {
    co_await certain(release);
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_handed_back", e.what(), task->id());
  }
}

boost::asio::awaitable<void> claimer::give_up(lane& home, task_ptr task,
                                              stores::writer::stage handler) {
  const stores::writer writer{task->epoch, {}, handler};
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
