// SPDX-License-Identifier: Apache-2.0
#include "stores/run_counts.hpp"

#include <algorithm>

namespace longhaul::stores {

std::size_t& run_counts::count_of(const task_origin& task) {
  const auto found = running_.find(key_of(task));
  if (found != running_.end()) return found->second;
  return running_[tool_and_key(task.tool, *task.concurrency_key)];
}

bool run_counts::try_begin(const task_origin& task, std::size_t limit, std::size_t handlers) {
  if (!task.concurrency_key && !any_paused_) return true;
  const guard lock(mutex_);
  if (paused_.contains(task.tool)) return false;
  if (!task.concurrency_key) return true;
  const auto found = running_.find(key_of(task));
  const std::size_t running = found == running_.end() ? 0 : found->second;
  if (limit != 0 && std::max(running, handlers) >= limit) return false;
  ++count_of(task);
  return true;
}

bool run_counts::begin(const task_origin& task) {
  if (!task.concurrency_key) return true;
  const guard lock(mutex_);
  ++count_of(task);
  return true;
}

void run_counts::end(const task_origin& task) noexcept {
  if (!task.concurrency_key) return;
  const guard lock(mutex_);
  const auto found = running_.find(key_of(task));
  if (found != running_.end() && --found->second == 0) running_.erase(found);
}

std::size_t run_counts::running(const tool_and_key& key) const {
  const guard lock(mutex_);
  const auto found = running_.find(key);
  return found == running_.end() ? 0 : found->second;
}

bool run_counts::pause(std::string_view tool, timestamp since) {
  const guard lock(mutex_);
  any_paused_ = true;
  return paused_.emplace(tool, since).second;
}

bool run_counts::resume(std::string_view tool) {
  const guard lock(mutex_);
  const auto found = paused_.find(tool);
  if (found == paused_.end()) return false;
  paused_.erase(found);
  any_paused_ = !paused_.empty();
  return true;
}

bool run_counts::is_paused(std::string_view tool) const {
  const guard lock(mutex_);
  return paused_.contains(tool);
}

paused_tools run_counts::paused() const {
  const guard lock(mutex_);
  return paused_;
}

std::size_t run_counts::size() const {
  const guard lock(mutex_);
  return running_.size();
}

}  // namespace longhaul::stores
