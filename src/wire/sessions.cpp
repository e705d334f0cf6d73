// SPDX-License-Identifier: Apache-2.0
#include "wire/sessions.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "wire/base64.hpp"
#include "wire/secrets.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

opening open_requests::open(const std::string& key, bool urgent) {
  constexpr std::size_t bound = tunables::open_requests_per_session;
  const std::lock_guard lock(mutex_);
  if (entries_.contains(key)) return opening::in_use;
  if (entries_.size() >= bound + (urgent ? tunables::urgent_requests : 0)) return opening::full;
  entries_.try_emplace(key);
  return opening::opened;
}

void open_requests::attach(const std::string& key,
                           const std::shared_ptr<serving::exchange>& exchange) {
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    at->second.exchange = exchange;
    late = at->second.cancelled || at->second.left;
  }
  if (late) exchange->abandon();
}

bool open_requests::close(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return false;
  const bool cancelled = at->second.cancelled;
  entries_.erase(at);
  return cancelled;
}

void open_requests::cancel(const std::string& key) {
  std::shared_ptr<serving::exchange> exchange;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    at->second.cancelled = true;
    exchange = at->second.exchange;
  }
  if (exchange) exchange->abandon();
}

void open_requests::leave(std::chrono::steady_clock::time_point opened_by) {
  std::vector<std::shared_ptr<serving::exchange>> exchanges;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, request] : entries_) {
      if (request.since > opened_by || std::exchange(request.left, true)) continue;
      if (request.exchange) exchanges.push_back(request.exchange);
    }
  }
  for (const auto& exchange : exchanges) exchange->abandon();
}

bool open_requests::empty() const {
  const std::lock_guard lock(mutex_);
  return entries_.empty();
}

open_request::open_request(std::shared_ptr<open_requests> in, std::string key, bool urgent)
    : in_(std::move(in)), key_(std::move(key)) {
  if (in_ == nullptr) return;
  state_ = in_->open(key_, urgent);
  if (state_ != opening::opened) in_ = nullptr;
}

void open_request::attach(const std::shared_ptr<serving::exchange>& exchange) {
  if (in_) in_->attach(key_, exchange);
}

bool open_request::close() {
  const auto in = std::exchange(in_, nullptr);
  return in != nullptr && in->close(key_);
}

session::session(std::string id, const serving::caller& of, const legacy_dialect& dialect,
                 serving::question_modes modes, monotonic_time now)
    : id_(std::move(id)),
      owner_(of.owner),
      quota_(of.quota),
      used_(now),
      dialect_(dialect),
      modes_(modes) {}

void session::set_initialized() {
  std::vector<held_message> held;
  {
    const std::lock_guard lock(mutex_);
    initialized_.store(true, std::memory_order_release);
    held.swap(held_);
  }
  for (auto& message : held) {
    if (const auto out = message.out.lock()) out->send(std::move(message.text));
  }
}

bool session::send_when_initialized(const std::shared_ptr<outlet>& out, std::string message) {
  if (!initialized()) {
    const std::lock_guard lock(mutex_);
    if (!initialized_.load(std::memory_order_relaxed)) {
      if (held_.size() >= tunables::held_messages) return false;
      held_.push_back({out, std::move(message)});
      return true;
    }
  }
  return out->send(std::move(message));
}

bool session::hold_stream(const std::string& task, const void* holder) {
  const std::lock_guard lock(mutex_);
  return streams_.try_emplace(task, holder).first->second == holder;
}

void session::release_stream(const std::string& task, const void* holder) {
  const std::lock_guard lock(mutex_);
  const auto at = streams_.find(task);
  if (at != streams_.end() && at->second == holder) streams_.erase(at);
}

bool session::advance_progress(const std::string& task, double done) {
  const std::lock_guard lock(mutex_);
  const auto at = progress_.find(task);
  if (at != progress_.end()) {
    if (!(done > at->second)) return false;
    at->second = done;
    return true;
  }
  // Forgetting an old task risks one repeated figure; remembering all of them risks the memory.
  if (progress_.size() >= tunables::progress_memory) progress_.erase(progress_.begin());
  progress_.emplace(task, done);
  return true;
}

std::optional<double> session::told_progress(const std::string& task) {
  const std::lock_guard lock(mutex_);
  const auto at = progress_.find(task);
  return at == progress_.end() ? std::nullopt : std::optional(at->second);
}

session_table::session_table(const session_bounds& bounds, const clock_source& clock)
    : bounds_(bounds), clock_(clock) {}

session_table::shard& session_table::shard_of(std::string_view id) {
  return shards_[std::hash<std::string_view>()(id) % shards_.size()];
}

std::shared_ptr<session> session_table::create(const serving::caller& who,
                                               const legacy_dialect& dialect,
                                               serving::question_modes modes) {
  {
    // Who has its share gives way itself, before anybody else has to.
    const std::lock_guard lock(shares_mutex_);
    const auto mine = shares_.find(who.quota);
    if (mine != shares_.end() && !make_room_in(mine->second)) return nullptr;
  }
  if (count_.fetch_add(1) >= bounds_.total && !make_room()) {
    count_.fetch_sub(1);
    return nullptr;
  }
  std::string id = base64url_encode(random_bytes(tunables::session_id_bytes));
  auto made = std::make_shared<session>(id, who, dialect, modes, clock_.monotonic());
  const std::lock_guard lock(shares_mutex_);
  share& mine = shares_[who.quota];
  if (!make_room_in(mine)) {  // others of this caller were faster
    count_.fetch_sub(1);
    return nullptr;
  }
  mine.push_back(made);
  shard& in = shard_of(id);
  const std::lock_guard lock_shard(in.mutex);
  in.by_id.emplace(std::move(id), made);
  return made;
}

std::shared_ptr<session> session_table::find(std::string_view id, std::string_view owner) {
  shard& in = shard_of(id);
  const auto now = clock_.monotonic();
  std::shared_ptr<session> expired;
  {
    const std::lock_guard lock(in.mutex);
    const auto at = in.by_id.find(std::string(id));
    if (at == in.by_id.end() || at->second->owner() != owner) return nullptr;
    if (now - at->second->used() <= bounds_.idle || !at->second->idle()) {
      at->second->use(now);
      return at->second;
    }
    expired = std::move(at->second);
    in.by_id.erase(at);
  }
  forget(expired);
  return nullptr;
}

bool session_table::end(std::string_view id, std::string_view owner) {
  shard& in = shard_of(id);
  std::shared_ptr<session> ended;
  {
    const std::lock_guard lock(in.mutex);
    const auto at = in.by_id.find(std::string(id));
    if (at == in.by_id.end() || at->second->owner() != owner) return false;
    ended = std::move(at->second);
    in.by_id.erase(at);
  }
  forget(ended);
  return true;
}

bool session_table::make_room() {
  // Clients begin a new session when theirs is gone, so an idle one is the right one to lose.
  return drop_idle(bounds_.idle, bounds_.total) > 0 ||
         drop_idle(std::min(bounds_.idle, milliseconds(tunables::may_lose_after)), 1) > 0;
}

// Under `shares_mutex_`. False: the share is used up, and everything in it is busy.
bool session_table::make_room_in(share& of) {
  if (of.size() < bounds_.per_caller) return true;
  const auto worse = [](const auto& a, const auto& b) {
    return a->idle() != b->idle() ? a->idle() : a->used() < b->used();
  };
  const auto oldest = std::ranges::min_element(of, worse);
  if (oldest == of.end() || !(*oldest)->idle()) return false;
  shard& in = shard_of((*oldest)->id());
  {
    const std::lock_guard lock(in.mutex);
    if (in.by_id.erase((*oldest)->id()) > 0) count_.fetch_sub(1);
  }
  of.erase(oldest);
  return true;
}

std::size_t session_table::drop_idle(milliseconds limit, std::size_t at_most) {
  const auto now = clock_.monotonic();
  std::vector<std::shared_ptr<session>> dropped;
  for (shard& in : shards_) {
    const std::lock_guard lock(in.mutex);
    for (auto at = in.by_id.begin(); at != in.by_id.end() && dropped.size() < at_most;) {
      if (now - at->second->used() <= limit || !at->second->idle()) {
        ++at;
        continue;
      }
      dropped.push_back(std::move(at->second));
      at = in.by_id.erase(at);
    }
  }
  for (const auto& gone : dropped) forget(gone);
  return dropped.size();
}

// What was taken out of its shard is no part of its share any more.
void session_table::forget(const std::shared_ptr<session>& ended) {
  count_.fetch_sub(1);
  const std::lock_guard lock(shares_mutex_);
  const auto mine = shares_.find(ended->quota());
  if (mine == shares_.end()) return;
  std::erase(mine->second, ended);
  if (mine->second.empty()) shares_.erase(mine);
}

}  // namespace longhaul::wire
