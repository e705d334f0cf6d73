// SPDX-License-Identifier: Apache-2.0
#include "wire/sessions.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/random.hpp"

namespace longhaul::wire {
namespace {

std::uint64_t random_number() {
  std::uint64_t number = 0;
  fill_random(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

}  // namespace

session_table::session_table(const session_bounds& bounds, const clock_source& clock,
                             const session_ids& ids)
    : bounds_(bounds), clock_(clock), ids_(ids), boot_(random_number()) {}

session_table::shard& session_table::shard_of(std::string_view id) {
  return shards_[std::hash<std::string_view>()(id) % shards_.size()];
}

std::shared_ptr<session> session_table::create(const serving::caller& who, session_facts wanted,
                                               const preparation& prepare) {
  wanted.boot = boot_;
  wanted.begun = clock_.now();
  wanted.owner = session_ids::mark_of(who.owner);
  auto begun = std::make_shared<session>(ids_.make(wanted), who, look_of(wanted.version),
                                         wanted.modes, clock_.monotonic(), events_);
  if (prepare) prepare(begun, wanted);
  return add(begun);
}

std::shared_ptr<session> session_table::restore(std::string_view id, const serving::caller& who,
                                                const preparation& prepare) {
  const auto facts = ids_.read(id);
  if (!facts || facts->boot == boot_ || facts->owner != session_ids::mark_of(who.owner) ||
      clock_.now() - facts->begun > tunables::session_restored_within || ended_here(id)) {
    return nullptr;
  }
  // Numbers of streams that nobody else gave.
  const stream_number first = (std::uint64_t{1} << 32) + (random_number() >> 16);
  auto restored = std::make_shared<session>(std::string(id), who, look_of(facts->version),
                                            facts->modes, clock_.monotonic(), events_, first);
  if (prepare) prepare(restored, *facts);
  restored->set_initialized();
  return add(restored);
}

bool session_table::ended_here(std::string_view id) {
  const guard lock(ended_mutex_);
  return std::ranges::find(ended_, id) != ended_.end();
}

// Null: there is no room. The one that is there already, if somebody was faster.
std::shared_ptr<session> session_table::add(const std::shared_ptr<session>& one) {
  {
    // Who has its share gives way itself, before anybody else has to.
    const guard lock(shares_mutex_);
    const auto mine = shares_.find(one->quota());
    if (mine != shares_.end() && !make_room_in(mine->second)) return nullptr;
  }
  if (count_.fetch_add(1) >= bounds_.total && !make_room()) {
    count_.fetch_sub(1);
    return nullptr;
  }
  const guard lock(shares_mutex_);
  share& mine = shares_[one->quota()];
  if (!make_room_in(mine)) {  // others of this caller were faster
    count_.fetch_sub(1);
    return nullptr;
  }
  shard& home = shard_of(one->id());
  const guard lock_shard(home.mutex);
  const auto [at, is_new] = home.by_id.emplace(one->id(), one);
  if (!is_new) {
    count_.fetch_sub(1);
    return at->second;
  }
  mine.push_back(one);
  return one;
}

std::shared_ptr<session> session_table::find(std::string_view id, std::string_view owner) {
  shard& home = shard_of(id);
  const auto now = clock_.monotonic();
  std::shared_ptr<session> found;
  bool expired = false;
  {
    const guard lock(home.mutex);
    const auto at = home.by_id.find(std::string(id));
    if (at == home.by_id.end() || at->second->owner() != owner) return nullptr;
    found = at->second;
    expired = now - found->used() > bounds_.idle && found->idle();
    if (expired) {
      home.by_id.erase(at);
    } else {
      found->use(now);
    }
  }
  if (expired) {
    forget(found);
    return nullptr;
  }
  // Another process may have heard it, or the client never says it.
  if (!found->initialized() && now - found->begun() >= tunables::initialized_unheard) {
    found->set_initialized();
  }
  return found;
}

bool session_table::end(std::string_view id, std::string_view owner) {
  shard& home = shard_of(id);
  if (!find(id, owner)) return false;
  {  // before it goes, or a request at this moment restores it
    const guard lock(ended_mutex_);
    if (ended_.size() >= tunables::ended_sessions) ended_.pop_front();
    ended_.emplace_back(id);
  }
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
