// SPDX-License-Identifier: Apache-2.0
#include "wire/sessions.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/random.hpp"
#include "protocol/base64.hpp"

namespace longhaul::wire {

session_table::session_table(const session_bounds& bounds, const clock_source& clock)
    : bounds_(bounds), clock_(clock) {}

session_table::shard& session_table::shard_of(std::string_view id) {
  return shards_[std::hash<std::string_view>()(id) % shards_.size()];
}

std::shared_ptr<session> session_table::create(const serving::caller& who,
                                               const revision_look& look,
                                               serving::question_modes modes) {
  {
    // Who has its share gives way itself, before anybody else has to.
    const guard lock(shares_mutex_);
    const auto mine = shares_.find(who.quota);
    if (mine != shares_.end() && !make_room_in(mine->second)) return nullptr;
  }
  if (count_.fetch_add(1) >= bounds_.total && !make_room()) {
    count_.fetch_sub(1);
    return nullptr;
  }
  std::string id = base64url_encode(random_bytes(tunables::session_id_bytes));
  auto begun = std::make_shared<session>(id, who, look, modes, clock_.monotonic(), events_);
  const guard lock(shares_mutex_);
  share& mine = shares_[who.quota];
  if (!make_room_in(mine)) {  // others of this caller were faster
    count_.fetch_sub(1);
    return nullptr;
  }
  mine.push_back(begun);
  shard& home = shard_of(id);
  const guard lock_shard(home.mutex);
  home.by_id.emplace(std::move(id), begun);
  return begun;
}

std::shared_ptr<session> session_table::find(std::string_view id, std::string_view owner) {
  shard& home = shard_of(id);
  const auto now = clock_.monotonic();
  std::shared_ptr<session> expired;
  {
    const guard lock(home.mutex);
    const auto at = home.by_id.find(std::string(id));
    if (at == home.by_id.end() || at->second->owner() != owner) return nullptr;
    if (now - at->second->used() <= bounds_.idle || !at->second->idle()) {
      at->second->use(now);
      return at->second;
    }
    expired = std::move(at->second);
    home.by_id.erase(at);
  }
  forget(expired);
  return nullptr;
}

bool session_table::end(std::string_view id, std::string_view owner) {
  shard& home = shard_of(id);
  std::shared_ptr<session> ended;
  {
    const guard lock(home.mutex);
    const auto at = home.by_id.find(std::string(id));
    if (at == home.by_id.end() || at->second->owner() != owner) return false;
    ended = std::move(at->second);
    home.by_id.erase(at);
  }
  forget(ended);
  return true;
}

void session_table::make_room_for_events() {
  if (!events_->was_short()) return;
  std::vector<std::shared_ptr<session>> all;
  for (shard& home : shards_) {
    const guard lock(home.mutex);
    for (const auto& [id, one] : home.by_id) all.push_back(one);
  }
  for (const auto& one : all) one->streams().forget_ended();
}

bool session_table::make_room() {
  // Clients begin a new session when theirs is gone, so an idle one is the right one to lose.
  return drop_idle(bounds_.idle, bounds_.total) > 0 ||
         drop_idle(std::min(bounds_.idle, milliseconds(tunables::may_lose_after)), 1) > 0;
}

// Under `shares_mutex_`. False: the share is used up, and everything in it is busy.
bool session_table::make_room_in(share& mine) {
  if (mine.size() < bounds_.per_caller) return true;
  const auto worse = [](const auto& a, const auto& b) {
    return a->idle() != b->idle() ? a->idle() : a->used() < b->used();
  };
  const auto oldest = std::ranges::min_element(mine, worse);
  if (oldest == mine.end() || !(*oldest)->idle()) return false;
  shard& home = shard_of((*oldest)->id());
  {
    const guard lock(home.mutex);
    if (home.by_id.erase((*oldest)->id()) > 0) count_.fetch_sub(1);
  }
  (*oldest)->streams().close();
  mine.erase(oldest);
  return true;
}

std::size_t session_table::drop_idle(milliseconds limit, std::size_t at_most) {
  const auto now = clock_.monotonic();
  std::vector<std::shared_ptr<session>> dropped;
  for (shard& home : shards_) {
    const guard lock(home.mutex);
    for (auto at = home.by_id.begin(); at != home.by_id.end() && dropped.size() < at_most;) {
      if (now - at->second->used() <= limit || !at->second->idle()) {
        ++at;
        continue;
      }
      dropped.push_back(std::move(at->second));
      at = home.by_id.erase(at);
    }
  }
  for (const auto& gone : dropped) forget(gone);
  return dropped.size();
}

// What was taken out of its shard is no part of its share any more.
void session_table::forget(const std::shared_ptr<session>& ended) {
  ended->streams().close();
  count_.fetch_sub(1);
  const guard lock(shares_mutex_);
  const auto mine = shares_.find(ended->quota());
  if (mine == shares_.end()) return;
  std::erase(mine->second, ended);
  if (mine->second.empty()) shares_.erase(mine);
}

}  // namespace longhaul::wire
