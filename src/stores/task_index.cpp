// SPDX-License-Identifier: Apache-2.0
#include "stores/task_index.hpp"

#include <span>

#include "stores/bounds.hpp"

namespace longhaul::stores {
namespace {

using counter = std::atomic<std::size_t>;

void add(counter& to, std::size_t amount) noexcept {
  to.fetch_add(amount, std::memory_order_relaxed);
}
void give_back(counter& to, std::size_t amount) noexcept {
  to.fetch_sub(amount, std::memory_order_relaxed);
}

// So much more, unless the bound (0: none) would be passed.
bool take(counter& from, std::size_t amount, std::size_t bound) noexcept {
  std::size_t now = from.load(std::memory_order_relaxed);
  do {
    if (bound != 0 && (now >= bound || amount > bound - now)) return false;
  } while (!from.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
  return true;
}

struct demand {
  counter& from;
  std::size_t amount = 1;
  std::size_t bound = 0;
  std::string_view name = {};
};

// All of them, or none: then the name of the bound that refuses.
std::string_view take_all(std::span<const demand> wanted) noexcept {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (take(wanted[i].from, wanted[i].amount, wanted[i].bound)) continue;
    for (const demand& taken : wanted.first(i)) give_back(taken.from, taken.amount);
    return wanted[i].name;
  }
  return {};
}

// The tighter one of two bounds on the same bytes.
demand stored_bytes(counter& from, std::size_t bytes, std::size_t bound, std::string_view name,
                    std::size_t memory) noexcept {
  const bool tighter = memory != 0 && (bound == 0 || memory < bound);
  return {from, bytes, tighter ? memory : bound, tighter ? bound_names::memory : name};
}

std::size_t with_answers(std::size_t bound) noexcept { return bound + bound / answer_room_divisor; }

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

std::shared_ptr<quota_table::use> quota_table::restore(std::string_view quota,
                                                       const initial_use& there) {
  part& in = part_of(quota);
  const guard lock(in.mutex);
  auto at = in.quotas.find(quota);
  if (at == in.quotas.end()) {
    at = in.quotas.emplace(std::string(quota), std::make_shared<use>()).first;
  }
  for (use* each : {&all_, at->second.get()}) {
    add(each->open, there.open);
    add(each->open_bytes, there.open_bytes);
    add(each->stored, there.stored);
    add(each->stored_bytes, there.stored_bytes);
  }
  return at->second;
}

quota_table::admission quota_table::admit(std::string_view quota, const create_bounds& bounds,
                                          std::size_t bytes) {
  namespace names = bound_names;
  const std::array<demand, 4> of_all = {
      {{all_.open, 1, bounds.open_total, names::open_total},
       {all_.stored, 1, bounds.stored_total, names::stored_total},
       {all_.open_bytes, bytes, bytes_.open_total, names::open_bytes_total},
       stored_bytes(all_.stored_bytes, bytes, bytes_.stored_total, names::stored_bytes_total,
                    bytes_.memory_total)}};
  if (const auto refused = take_all(of_all); !refused.empty()) return {nullptr, refused};
  std::string_view refused;
  {
    part& in = part_of(quota);
    const guard lock(in.mutex);
    const auto found = in.quotas.find(quota);
    const bool known = found != in.quotas.end();
    auto mine = known ? found->second : std::make_shared<use>();
    const std::array<demand, 4> of_mine = {
        {{mine->open, 1, bounds.open_per_quota, names::open_per_quota},
         {mine->stored, 1, bounds.stored_per_quota, names::stored_per_quota},
         {mine->open_bytes, bytes, bytes_.open_per_quota, names::open_bytes_per_quota},
         stored_bytes(mine->stored_bytes, bytes, bytes_.stored_per_quota,
                      names::stored_bytes_per_quota, bytes_.memory_per_quota)}};
    refused = take_all(of_mine);
    if (refused.empty()) {
      if (!known) in.quotas.emplace(std::string(quota), mine);
      return {std::move(mine)};
    }
  }
  for (const demand& taken : of_all) give_back(taken.from, taken.amount);
  return {nullptr, refused};
}

bool quota_table::try_grow(use& of, std::size_t by) noexcept {
  // What workers wrote, which nobody refuses, may fill the bounds: a small answer always lets its
  // task go on, and end. There is one for each question at most.
  const bool small = by <= small_payload;
  const std::array<demand, 2> wanted = {
      {{all_.open_bytes, by, small ? 0 : with_answers(bytes_.open_total)},
       {of.open_bytes, by, small ? 0 : with_answers(bytes_.open_per_quota)}}};
  if (!take(wanted[0].from, by, wanted[0].bound)) return false;
  if (!take(wanted[1].from, by, wanted[1].bound)) {
    give_back(all_.open_bytes, by);
    return false;
  }
  add(all_.stored_bytes, by);
  add(of.stored_bytes, by);
  return true;
}

bool quota_table::has_memory(std::string_view quota, std::size_t more) {
  const auto fits = [more](const use& of, std::size_t bound) {
    const std::size_t most = with_answers(bound);
    const std::size_t now = of.stored_bytes.load(std::memory_order_relaxed);
    return most == 0 || (now < most && more <= most - now);
  };
  if (!fits(all_, bytes_.memory_total)) return false;
  part& in = part_of(quota);
  const guard lock(in.mutex);
  const auto found = in.quotas.find(quota);
  return found == in.quotas.end() || fits(*found->second, bytes_.memory_per_quota);
}

void quota_table::resized(use& of, std::size_t before, std::size_t after) noexcept {
  if (before == after) return;
  const std::size_t by = after - before;  // wraps around when it is less: so does the sum
  for (use* each : {&all_, &of}) {
    add(each->open_bytes, by);
    add(each->stored_bytes, by);
  }
}

void quota_table::closed(use& of, std::size_t bytes) noexcept {
  for (use* each : {&all_, &of}) {
    give_back(each->open, 1);
    give_back(each->open_bytes, bytes);
  }
}

void quota_table::resized_ended(std::string_view quota, std::size_t before, std::size_t after) {
  if (before == after) return;
  add(all_.stored_bytes, after - before);
  part& in = part_of(quota);
  const guard lock(in.mutex);
  const auto found = in.quotas.find(quota);
  if (found != in.quotas.end()) add(found->second->stored_bytes, after - before);
}

void quota_table::removed(std::string_view quota, std::size_t bytes) {
  give_back(all_.stored, 1);
  give_back(all_.stored_bytes, bytes);
  part& in = part_of(quota);
  const guard lock(in.mutex);
  const auto found = in.quotas.find(quota);
  if (found == in.quotas.end()) return;
  give_back(found->second->stored_bytes, bytes);
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
