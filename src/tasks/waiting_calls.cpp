// SPDX-License-Identifier: Apache-2.0
#include "tasks/waiting_calls.hpp"

#include <algorithm>

namespace longhaul::tasks {
namespace {

// Which lane: lanes.hpp.
bool waits_in_memory(const tool_ptr& tool) noexcept {
  return tool->options.policy == task_policy::never;
}

}  // namespace

void waiting_calls::add(call waiting) {
  auto entry = std::make_unique<const call>(std::move(waiting));
  const guard lock(mutex_);
  const std::string_view id = entry->id;
  const tool_ptr tool = entry->tool;
  const auto [added, is_new] = by_id_.try_emplace(id, std::move(entry));
  if (!is_new) return;
  try {
    ++definitions_[tool];
  } catch (...) {
    by_id_.erase(added);
    throw;
  }
  size_ = by_id_.size();
}

void waiting_calls::discount(const tool_ptr& tool) noexcept {
  const auto counted = definitions_.find(tool);
  if (counted != definitions_.end() && --counted->second == 0) definitions_.erase(counted);
}

void waiting_calls::remove(std::string_view id) noexcept {
  if (size_ == 0) return;
  std::unique_ptr<const call> removed;  // its definition goes without the lock
  const guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  removed = std::move(found->second);
  by_id_.erase(found);
  discount(removed->tool);
  size_ = by_id_.size();
}

tool_ptr waiting_calls::definition_of(std::string_view id) const {
  if (size_ == 0) return nullptr;
  const guard lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second->tool;
}

std::vector<tool_ptr> waiting_calls::definitions(bool in_memory) const {
  std::vector<tool_ptr> result;
  if (size_ == 0) return result;
  const guard lock(mutex_);
  for (const auto& [tool, count] : definitions_) {
    if (waits_in_memory(tool) == in_memory) result.push_back(tool);
  }
  return result;
}

std::vector<tool_ptr> waiting_calls::in_memory() const { return definitions(true); }

// The source is asked without the lock.
std::vector<waiting_calls::call> waiting_calls::without_tool(const tool_source& tools) const {
  std::vector<call> result;
  std::vector<tool_ptr> gone = definitions(false);
  std::erase_if(gone, [&](const tool_ptr& tool) { return tools.find(tool->options.name); });
  if (gone.empty()) return result;
  const guard lock(mutex_);
  for (const auto& [id, waiting] : by_id_) {
    if (std::ranges::find(gone, waiting->tool) != gone.end()) result.push_back(*waiting);
  }
  return result;
}

}  // namespace longhaul::tasks
