// SPDX-License-Identifier: Apache-2.0
#include "tasks/operations.hpp"

#include <string>
#include <utility>

#include "tasks/certain.hpp"
#include "tasks/direct_run.hpp"
#include "tasks/running_task.hpp"

namespace longhaul::tasks {

boost::asio::awaitable<bool> operations::pause(std::string_view tool) {
  const auto pause = [&] { return core_.options.store->pause(tool); };
  const bool is_new = co_await certain(pause);
  ++changes_;
  co_await look();
  co_return is_new;
}

boost::asio::awaitable<bool> operations::resume(std::string_view tool) {
  const auto resume = [&] { return core_.options.store->resume(tool); };
  const bool was_paused = co_await certain(resume);
  ++changes_;
  co_await look();
  co_return was_paused;
}

boost::asio::awaitable<stores::paused_tools> operations::paused() {
  const auto read = [this] { return core_.options.store->paused(); };
  return certain(read);
}

boost::asio::awaitable<void> operations::look_if_needed() {
  const bool needed = !known_ || !core_.options.store->exclusive();
  if (!needed || core_.in_trouble()) co_return;
  try {
    co_await look();
  } catch (const stores::store_error& e) {  // asked again soon
    core_.log.trouble("upkeep.failed", std::string("which tools are paused: ") + e.what());
  }
}

// Of several that look at once, the last one has read what stands in the end.
boost::asio::awaitable<void> operations::look() {
  std::uint64_t seen = 0;
  do {
    seen = changes_;
    stores::paused_tools all = co_await paused();
    co_await apply(std::move(all));
  } while (seen != changes_);
  known_ = true;
}

// The store in memory has its own list: it follows the one that outlives us.
boost::asio::awaitable<void> operations::apply(stores::paused_tools all) {
  stores::store& memory = *core_.lanes.in_memory().store;
  const stores::paused_tools known = co_await memory.paused();
  bool any_resumed = false;
  for (const auto& [tool, since] : known) {
    if (all.contains(tool)) continue;
    co_await memory.resume(tool);
    any_resumed = true;
  }
  for (const auto& [tool, since] : all) {
    if (!known.contains(tool)) co_await memory.pause(tool);
  }
  core_.paused.replace(std::move(all));
  if (!any_resumed) co_return;
  core_.lanes.durable().look = true;
  core_.lanes.in_memory().look = true;
  claimer_.claim_soon();
}

boost::asio::awaitable<stores::create_result> operations::retry(std::string_view owner,
                                                                std::string_view id) {
  const std::string name = "task " + std::string(id);
  const task_ptr ended = co_await core_.options.store->get(owner, id);
  if (!ended || ended->hidden) throw no_retry("there is no " + name);
  if (!ended->terminal()) throw no_retry(name + " has not ended: cancel it first");
  submission again;
  again.tool = core_.options.tools->find(ended->tool());
  if (!again.tool || ended->origin->external) {
    throw no_retry("the tool of " + name + ", " + ended->tool() + ", does not run here");
  }
  again.owner = ended->owner();
  again.quota = ended->origin->quota;
  try {
    const raw_json& given = ended->origin->arguments;
    again.arguments = again.tool->accept
                          ? again.tool->accept(given, {.ignored = {}, .strict = true})
                          : call_arguments(given);
  } catch (const std::invalid_argument& e) {
    throw no_retry("the arguments of " + name + " do not fit its tool: " + e.what());
  }
  again.meta = ended->origin->request_meta;
  again.retry_of = ended->id();
  again.retention_given = true;
  again.retention = ended->retention;
  co_return co_await intake_.submit(again);
}

std::size_t operations::running_of(std::string_view tool) const {
  std::size_t count = 0;
  for (const auto& run : core_.running.all()) count += run->begun_as().tool == tool;
  for (const auto& run : core_.direct.all()) count += run->origin()->tool == tool;
  return count;
}

}  // namespace longhaul::tasks
