// SPDX-License-Identifier: Apache-2.0
#include "tasks/hub.hpp"

#include <algorithm>

#include "tasks/lanes.hpp"

namespace longhaul::tasks {
namespace {

bool same(const std::weak_ptr<follower>& a, const std::weak_ptr<follower>& b) noexcept {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

hub::subscription& hub::subscription::operator=(subscription&& other) noexcept {
  if (this == &other) return *this;
  reset();
  owner_ = std::exchange(other.owner_, {});
  id_ = std::move(other.id_);
  who_ = std::move(other.who_);
  return *this;
}

void hub::subscription::reset() {
  if (const auto owner = std::exchange(owner_, {}).lock()) owner->forget(id_, who_);
}

hub::shard& hub::table::shard_of(std::string_view id) noexcept {
  return shards[std::hash<std::string_view>{}(id) % shards.size()];
}

bool hub::table::others_may_write(std::string_view id) const noexcept {
  return shared && !lanes::is_in_memory(id);
}

hub::subscription hub::follow(const std::string& id, const std::shared_ptr<follower>& who) {
  std::string own_id = id;  // what needs memory comes before the entry, or takes it back
  {
    shard& place = table_->shard_of(id);
    const guard lock(place.mutex);
    auto& list = place.by_id[id];
    if (list.size() >= max_per_task_) throw too_many_followers();
    const bool is_first = list.empty();
    try {
      list.emplace_back(who);
      // Under the lock: who comes second reads after the store was asked as well.
      if (is_first && table_->others_may_write(id)) table_->shared->follow(id);
    } catch (...) {
      if (is_first) place.by_id.erase(id);
      throw;
    }
  }
  subscription following(table_, std::move(own_id), who);
  if (drained_) who->on_drained();
  return following;
}

void hub::table::forget(const std::string& id, const std::weak_ptr<follower>& who) {
  shard& place = shard_of(id);
  const guard lock(place.mutex);
  const auto found = place.by_id.find(id);
  if (found == place.by_id.end()) return;
  auto& list = found->second;
  const auto entry =
      std::find_if(list.begin(), list.end(), [&](const auto& w) { return same(w, who); });
  if (entry != list.end()) list.erase(entry);
  if (!list.empty()) return;
  place.by_id.erase(found);
  if (others_may_write(id)) shared->unfollow(id);
}

std::vector<std::shared_ptr<follower>> hub::followers_of(const std::string& id) const {
  std::vector<std::shared_ptr<follower>> result;
  shard& place = table_->shard_of(id);
  const guard lock(place.mutex);
  const auto found = place.by_id.find(id);
  if (found == place.by_id.end()) return result;
  result.reserve(found->second.size());
  for (const auto& weak : found->second) {
    if (auto strong = weak.lock()) result.push_back(std::move(strong));
  }
  return result;
}

bool hub::has_callers(const std::string& id, const follower& but) const {
  return std::ranges::any_of(
      followers_of(id), [&](const auto& who) { return who.get() != &but && who->is_caller(); });
}

void hub::publish(const task_ptr& task) {
  for (const auto& who : followers_of(task->id())) who->on_task(task);
}

void hub::publish(const std::string& id, const progress_event& event) {
  for (const auto& who : followers_of(id)) who->on_progress(id, event);
}

void hub::publish(const std::string& id, const log_event& event) {
  for (const auto& who : followers_of(id)) who->on_log(id, event);
}

void hub::publish(const std::string& id, const close_event& event) {
  for (const auto& who : followers_of(id)) who->on_close(id, event);
}

void hub::publish(const std::string& id, const question_event& event) {
  for (const auto& who : followers_of(id)) who->on_question(id, event);
}

std::vector<std::shared_ptr<follower>> hub::all_followers() const {
  std::vector<std::shared_ptr<follower>> all;
  for (shard& place : table_->shards) {
    const guard lock(place.mutex);
    for (const auto& [id, list] : place.by_id) {
      for (const auto& weak : list) {
        if (auto strong = weak.lock()) all.push_back(std::move(strong));
      }
    }
  }
  return all;
}

void hub::drained() {
  drained_ = true;
  for (const auto& who : all_followers()) who->on_drained();
}

void hub::look_at_the_clock() {
  for (const auto& who : all_followers()) who->on_clock();
}

std::size_t hub::followers() const {
  std::size_t count = 0;
  for (shard& place : table_->shards) {
    const guard lock(place.mutex);
    for (const auto& [id, list] : place.by_id) count += list.size();
  }
  return count;
}

}  // namespace longhaul::tasks
