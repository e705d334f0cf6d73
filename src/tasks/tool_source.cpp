// SPDX-License-Identifier: Apache-2.0
#include "tasks/tool_source.hpp"

#include <stdexcept>
#include <utility>

namespace longhaul::tasks {

void tool_list::add(tool_ptr tool) {
  const guard lock(mutex_);
  const std::string& name = tool->options.name;
  if (!by_name_.try_emplace(name, tool).second) {
    throw std::invalid_argument("there is a tool \"" + name + "\" already");
  }
}

void tool_list::remove(std::string_view name) {
  const guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) by_name_.erase(found);
}

tool_ptr tool_list::find(std::string_view name) const {
  const guard lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::shared_ptr<const std::vector<tool_ptr>> tool_list::all() const {
  auto result = std::make_shared<std::vector<tool_ptr>>();
  const guard lock(mutex_);
  for (const auto& [name, tool] : by_name_) result->push_back(tool);
  return result;
}

}  // namespace longhaul::tasks
