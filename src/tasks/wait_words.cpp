// SPDX-License-Identifier: Apache-2.0
#include "tasks/wait_words.hpp"

#include <algorithm>

#include "base/clock_arithmetic.hpp"
#include "base/duration.hpp"
#include "longhaul/stores/transitions.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::tasks {
namespace {

// In whole seconds, up: nobody waits for "0 s".
std::string words_for(milliseconds length) {
  return in_words(std::chrono::ceil<std::chrono::seconds>(length));
}

std::string next_attempt(const task_record& task, milliseconds pause) {
  std::string words = "attempt " + std::to_string(task.attempt + 1) + " of " +
                      std::to_string(std::max(task.origin->max_attempts, task.attempt + 1)) +
                      " in " + words_for(pause);
  const bool has_reason = task.attempts && !task.attempts->back().how.empty();
  if (has_reason) words.append(": ").append(task.attempts->back().how);
  return words;
}

}  // namespace

std::string wait_words::full(const task_record& task) const {
  const tool_ptr tool = core_.options.tools->find(task.tool());
  if (!tool) return "waiting for the tool to be served again";
  const auto figures = [](std::size_t running, std::size_t most) {
    return "waiting: " + std::to_string(running) + " of " + std::to_string(most) + " running";
  };
  const tool_use use = use_of(*tool, *task.origin);
  const slots::figures now = core_.slots.look(use);
  if (use.key_limit != 0 && now.of_key >= use.key_limit) {
    return use.key.empty() ? figures(now.of_key, use.key_limit)
                           : "waiting for " + std::string(use.key);
  }
  if (use.limit != 0 && now.of_tool >= use.limit) return figures(now.of_tool, use.limit);
  if (now.running >= core_.options.max_running)
    return figures(now.running, core_.options.max_running);
  return {};  // nothing holds it: it begins in this instant
}

std::string wait_words::now(const task_record& task) const {
  if (task.status == task_status::input_required) return "waiting for an answer";
  if (!stores::queued(task)) return {};
  const milliseconds pause = elapsed(core_.options.store->now().mono, task.run_at);
  if (core_.paused.contains(task.tool())) return "paused by the operator";
  if (task.attempt > 0 && pause > milliseconds(0)) return next_attempt(task, pause);
  return full(task);
}

boost::asio::awaitable<std::string> wait_words::exactly(task_ptr task) const {
  std::string words = now(*task);
  if (!words.starts_with("waiting: ")) co_return words;
  const std::size_t most = tunables::counted_before;
  std::size_t before = 0;
  try {
    before = co_await core_.options.store->queued_before(task->id(), most + 1);
  } catch (const stores::store_error&) {  // it is for information only
    co_return words;
  }
  if (before > most) {
    words += ", more than " + std::to_string(most) + " before it";
  } else if (before > 0) {
    words += ", " + std::to_string(before) + " before it";
  }
  co_return words;
}

}  // namespace longhaul::tasks
