// SPDX-License-Identifier: Apache-2.0
#include "stores/task_index.hpp"

#include <functional>

namespace longhaul::stores {

owner_index::part& owner_index::part_of(std::string_view owner) const noexcept {
  return parts_[std::hash<std::string_view>()(owner) % parts_.size()];
}

void owner_index::add(const origin_ptr& origin) {
  part& home = part_of(origin->owner);
  const guard lock(home.mutex);
  auto& tasks = home.owners[origin->owner];
  tasks.emplace_hint(tasks.end(), origin);
}

void owner_index::remove(const task_origin& origin) {
  part& home = part_of(origin.owner);
  const guard lock(home.mutex);
  const auto owner = home.owners.find(std::string_view(origin.owner));
  if (owner == home.owners.end()) return;
  const auto task = owner->second.find(std::string_view(origin.id));
  if (task != owner->second.end()) owner->second.erase(task);
  if (owner->second.empty()) home.owners.erase(owner);
}

std::vector<origin_ptr> owner_index::page(std::string_view owner, std::string_view before,
                                          std::size_t count) const {
  std::vector<origin_ptr> result;
  part& home = part_of(owner);
  const guard lock(home.mutex);
  const auto found = home.owners.find(owner);
  if (found == home.owners.end()) return result;
  const auto& tasks = found->second;
  auto next = before.empty() ? tasks.end() : tasks.lower_bound(before);
  while (next != tasks.begin() && result.size() < count) result.push_back(*--next);
  return result;
}

std::size_t owner_index::size() const {
  std::size_t all = 0;
  for (const part& each : parts_) {
    const guard lock(each.mutex);
    for (const auto& [owner, tasks] : each.owners) all += tasks.size();
  }
  return all;
}

std::string key_index::join(const task_origin& origin, std::string_view word) {
  std::string joined;
  joined.reserve(origin.owner.size() + origin.tool.size() + word.size() + 24);
  joined.append(std::to_string(origin.owner.size())).append(":").append(origin.owner);
  joined.append(std::to_string(origin.tool.size())).append(":").append(origin.tool);
  joined.append(word);
  return joined;
}

key_index::part& key_index::part_of(std::string_view joined) noexcept {
  return parts_[std::hash<std::string_view>()(joined) % parts_.size()];
}

void key_index::remove(const task_origin& origin, std::string_view word) {
  const std::string joined = join(origin, word);
  part& home = part_of(joined);
  const guard lock(home.mutex);
  const auto found = home.ids.find(std::string_view(joined));
  if (found != home.ids.end() && found->second == origin.id) home.ids.erase(found);
}

std::size_t key_index::size() const {
  std::size_t all = 0;
  for (const part& each : parts_) {
    const guard lock(each.mutex);
    all += each.ids.size();
  }
  return all;
}

}  // namespace longhaul::stores
