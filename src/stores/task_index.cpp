// SPDX-License-Identifier: Apache-2.0
#include "stores/task_index.hpp"

#include "stores/bounds.hpp"

namespace longhaul::stores {
namespace {

// One more, unless the bound (0: none) is reached.
bool take(std::atomic<std::size_t>& count, std::size_t bound) noexcept {
  std::size_t now = count.load(std::memory_order_relaxed);
  do {
    if (bound != 0 && now >= bound) return false;
  } while (!count.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  return true;
}

void give_back(std::atomic<std::size_t>& count) noexcept {
  count.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

owner_index::part& owner_index::part_of(std::string_view owner) const noexcept {
  return parts_[std::hash<std::string_view>()(owner) % parts_.size()];
}

void owner_index::add(const origin_ptr& origin) {
  part& in = part_of(origin->owner);
  const guard lock(in.mutex);
  auto& tasks = in.owners[origin->owner];
  tasks.emplace_hint(tasks.end(), origin);
}

void owner_index::remove(const task_origin& origin) {
  part& in = part_of(origin.owner);
  const guard lock(in.mutex);
  const auto owner = in.owners.find(std::string_view(origin.owner));
  if (owner == in.owners.end()) return;
  const auto task = owner->second.find(std::string_view(origin.id));
  if (task != owner->second.end()) owner->second.erase(task);
  if (owner->second.empty()) in.owners.erase(owner);
}

std::vector<origin_ptr> owner_index::page(std::string_view owner, std::string_view before,
                                          std::size_t count) const {
  std::vector<origin_ptr> result;
  part& in = part_of(owner);
  const guard lock(in.mutex);
  const auto found = in.owners.find(owner);
  if (found == in.owners.end()) return result;
  const auto& tasks = found->second;
  auto at = before.empty() ? tasks.end() : tasks.lower_bound(before);
  while (at != tasks.begin() && result.size() < count) result.push_back(*--at);
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

quota_table::part& quota_table::part_of(std::string_view quota) noexcept {
  return parts_[std::hash<std::string_view>()(quota) % parts_.size()];
}

std::shared_ptr<quota_table::use> quota_table::restore(std::string_view quota, std::size_t open,
                                                       std::size_t stored) {
  all_.open.fetch_add(open, std::memory_order_relaxed);
  all_.stored.fetch_add(stored, std::memory_order_relaxed);
  part& in = part_of(quota);
  const guard lock(in.mutex);
  auto found = in.quotas.find(quota);
  if (found == in.quotas.end()) {
    found = in.quotas.emplace(std::string(quota), std::make_shared<use>()).first;
  }
  found->second->open.fetch_add(open, std::memory_order_relaxed);
  found->second->stored.fetch_add(stored, std::memory_order_relaxed);
  return found->second;
}

quota_table::admission quota_table::admit(std::string_view quota, const create_bounds& bounds) {
  if (!take(all_.open, bounds.open_total)) return {nullptr, bound_names::open_total};
  if (!take(all_.stored, bounds.stored_total)) {
    give_back(all_.open);
    return {nullptr, bound_names::stored_total};
  }
  std::string_view bound;
  {
    part& in = part_of(quota);
    const guard lock(in.mutex);
    auto found = in.quotas.find(quota);
    if (found == in.quotas.end()) {
      found = in.quotas.emplace(std::string(quota), std::make_shared<use>()).first;
    }
    use& mine = *found->second;
    if (!take(mine.open, bounds.open_per_quota)) {
      bound = bound_names::open_per_quota;
    } else if (!take(mine.stored, bounds.stored_per_quota)) {
      give_back(mine.open);
      bound = bound_names::stored_per_quota;
    } else {
      return {found->second};
    }
  }
  give_back(all_.open);
  give_back(all_.stored);
  return {nullptr, bound};
}

void quota_table::closed(use& of) noexcept {
  give_back(of.open);
  give_back(all_.open);
}

void quota_table::removed(std::string_view quota) {
  give_back(all_.stored);
  part& in = part_of(quota);
  const guard lock(in.mutex);
  const auto found = in.quotas.find(quota);
  if (found == in.quotas.end()) return;
  // Only this lock lets `stored` grow, so a quota without tasks is nobody's.
  if (found->second->stored.fetch_sub(1, std::memory_order_relaxed) == 1) in.quotas.erase(found);
}

std::size_t quota_table::size() const {
  std::size_t all = 0;
  for (const part& each : parts_) {
    const guard lock(each.mutex);
    all += each.quotas.size();
  }
  return all;
}

std::string key_index::join(const task_origin& origin) {
  std::string joined;
  joined.reserve(origin.owner.size() + origin.tool.size() + origin.idempotency_key.size() + 24);
  joined.append(std::to_string(origin.owner.size())).append(":").append(origin.owner);
  joined.append(std::to_string(origin.tool.size())).append(":").append(origin.tool);
  joined.append(origin.idempotency_key);
  return joined;
}

key_index::part& key_index::part_of(std::string_view joined) noexcept {
  return parts_[std::hash<std::string_view>()(joined) % parts_.size()];
}

void key_index::remove(const task_origin& origin) {
  const std::string joined = join(origin);
  part& in = part_of(joined);
  const guard lock(in.mutex);
  const auto found = in.ids.find(std::string_view(joined));
  if (found != in.ids.end() && found->second == origin.id) in.ids.erase(found);
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
