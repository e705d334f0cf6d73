// SPDX-License-Identifier: Apache-2.0
#include "stores/quota_table.hpp"

#include <functional>
#include <span>
#include <string>

#include "longhaul/stores/bounds.hpp"

namespace longhaul::stores {
namespace {

using counter = std::atomic<std::size_t>;

void add(counter& use, std::size_t amount) noexcept {
  use.fetch_add(amount, std::memory_order_relaxed);
}
void give_back(counter& use, std::size_t amount) noexcept {
  use.fetch_sub(amount, std::memory_order_relaxed);
}

// So much more, unless the bound (0: none) would be passed.
bool take(counter& use, std::size_t amount, std::size_t bound) noexcept {
  std::size_t now = use.load(std::memory_order_relaxed);
  do {
    if (bound != 0 && (now >= bound || amount > bound - now)) return false;
  } while (!use.compare_exchange_weak(now, now + amount, std::memory_order_relaxed));
  return true;
}

struct demand {
  counter& use;
  std::size_t amount = 1;
  std::size_t bound = 0;
  std::string_view name = {};
};

// All of them, or none: then the one that was refused.
const demand* take_all(std::span<const demand> wanted) noexcept {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (take(wanted[i].use, wanted[i].amount, wanted[i].bound)) continue;
    for (const demand& taken : wanted.first(i)) give_back(taken.use, taken.amount);
    return &wanted[i];
  }
  return nullptr;
}

// The tighter one of two bounds on the same bytes.
demand stored_bytes(counter& use, std::size_t bytes, std::size_t bound, std::string_view name,
                    std::size_t memory) noexcept {
  const bool tighter = memory != 0 && (bound == 0 || memory < bound);
  return {use, bytes, tighter ? memory : bound, tighter ? bound_names::memory : name};
}

std::size_t with_answers(std::size_t bound) noexcept {
  return bound + bound / rules::answer_room_divisor;
}

}  // namespace

quota_table::part& quota_table::part_of(std::string_view quota) noexcept {
  return parts_[std::hash<std::string_view>()(quota) % parts_.size()];
}

std::shared_ptr<quota_table::use> quota_table::restore(std::string_view quota,
                                                       const initial_use& there) {
  part& home = part_of(quota);
  const guard lock(home.mutex);
  auto at = home.quotas.find(quota);
  if (at == home.quotas.end()) {
    at = home.quotas.emplace(std::string(quota), std::make_shared<use>()).first;
  }
  for (use* each : {&all_, at->second.get()}) {
    add(each->open_tasks, there.open_tasks);
    add(each->open_bytes, there.open_bytes);
    add(each->stored_tasks, there.stored_tasks);
    add(each->stored_bytes, there.stored_bytes);
  }
  return at->second;
}

quota_table::admission quota_table::admit(std::string_view quota, const create_bounds& bounds,
                                          std::size_t bytes) {
  namespace names = bound_names;
  if (bounds.known_only) return {nullptr, names::known_only};
  const std::array<demand, 4> of_all = {
      {{all_.open_tasks, 1, bounds.open_total, names::open_total},
       {all_.stored_tasks, 1, bounds.stored_total, names::stored_total},
       {all_.open_bytes, bytes, bytes_.open_total, names::open_bytes_total},
       stored_bytes(all_.stored_bytes, bytes, bytes_.stored_total, names::stored_bytes_total,
                    bytes_.memory_total)}};
  if (const demand* refused = take_all(of_all)) return {nullptr, refused->name};
  std::string_view bound;
  {
    part& home = part_of(quota);
    const guard lock(home.mutex);
    const auto found = home.quotas.find(quota);
    const bool known = found != home.quotas.end();
    auto mine = known ? found->second : std::make_shared<use>();
    const std::array<demand, 4> of_mine = {
        {{mine->open_tasks, 1, bounds.open_per_quota, names::open_per_quota},
         {mine->stored_tasks, 1, bounds.stored_per_quota, names::stored_per_quota},
         {mine->open_bytes, bytes, bytes_.open_per_quota, names::open_bytes_per_quota},
         stored_bytes(mine->stored_bytes, bytes, bytes_.stored_per_quota,
                      names::stored_bytes_per_quota, bytes_.memory_per_quota)}};
    const demand* refused = take_all(of_mine);
    if (refused == nullptr) {
      if (!known) home.quotas.emplace(std::string(quota), mine);
      return {std::move(mine)};
    }
    bound = refused->name;
  }
  for (const demand& taken : of_all) give_back(taken.use, taken.amount);
  return {nullptr, bound};
}

bool quota_table::try_grow(use& quota, std::size_t more) noexcept {
  // What workers wrote, which nobody refuses, may fill the bounds: a small answer always lets its
  // task go on, and end. There is one for each question at most.
  const bool small = more <= rules::small_payload;
  const std::array<demand, 2> wanted = {
      {{all_.open_bytes, more, small ? 0 : with_answers(bytes_.open_total)},
       {quota.open_bytes, more, small ? 0 : with_answers(bytes_.open_per_quota)}}};
  if (take_all(wanted) != nullptr) return false;
  add(all_.stored_bytes, more);
  add(quota.stored_bytes, more);
  return true;
}

bool quota_table::has_memory(std::string_view quota, std::size_t more) {
  const auto fits = [more](const use& used, std::size_t bound) {
    const std::size_t most = with_answers(bound);
    const std::size_t now = used.stored_bytes.load(std::memory_order_relaxed);
    return most == 0 || (now < most && more <= most - now);
  };
  if (!fits(all_, bytes_.memory_total)) return false;
  part& home = part_of(quota);
  const guard lock(home.mutex);
  const auto found = home.quotas.find(quota);
  return found == home.quotas.end() || fits(*found->second, bytes_.memory_per_quota);
}

void quota_table::resized(use& quota, std::size_t before, std::size_t after) noexcept {
  if (before == after) return;
  const std::size_t more = after - before;  // wraps around when it is less: so does the sum
  for (use* each : {&all_, &quota}) {
    add(each->open_bytes, more);
    add(each->stored_bytes, more);
  }
}

void quota_table::closed(use& quota, std::size_t bytes) noexcept {
  for (use* each : {&all_, &quota}) {
    give_back(each->open_tasks, 1);
    give_back(each->open_bytes, bytes);
  }
}

void quota_table::resized_ended(std::string_view quota, std::size_t before, std::size_t after) {
  if (before == after) return;
  add(all_.stored_bytes, after - before);
  part& home = part_of(quota);
  const guard lock(home.mutex);
  const auto found = home.quotas.find(quota);
  if (found != home.quotas.end()) add(found->second->stored_bytes, after - before);
}

void quota_table::removed(std::string_view quota, std::size_t bytes) {
  give_back(all_.stored_tasks, 1);
  give_back(all_.stored_bytes, bytes);
  part& home = part_of(quota);
  const guard lock(home.mutex);
  const auto found = home.quotas.find(quota);
  if (found == home.quotas.end()) return;
  give_back(found->second->stored_bytes, bytes);
  // `stored_tasks` grows only under this lock, so a quota without tasks is in use by nobody.
  if (found->second->stored_tasks.fetch_sub(1, std::memory_order_relaxed) == 1)
    home.quotas.erase(found);
}

std::vector<owner_use> quota_table::largest(std::size_t most) const {
  std::vector<owner_use> all;
  for (const part& each : parts_) {
    const guard lock(each.mutex);
    for (const auto& [name, used] : each.quotas) {
      all.push_back({std::string(name), used->open_tasks.load(std::memory_order_relaxed),
                     used->stored_tasks.load(std::memory_order_relaxed),
                     used->open_bytes.load(std::memory_order_relaxed),
                     used->stored_bytes.load(std::memory_order_relaxed)});
    }
  }
  keep_largest(all, most);
  return all;
}

std::size_t quota_table::size() const {
  std::size_t all = 0;
  for (const part& each : parts_) {
    const guard lock(each.mutex);
    all += each.quotas.size();
  }
  return all;
}

}  // namespace longhaul::stores
