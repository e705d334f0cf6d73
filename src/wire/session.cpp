// SPDX-License-Identifier: Apache-2.0
#include "wire/session.hpp"

#include <utility>

#include "wire/tunables.hpp"

namespace longhaul::wire {

session::session(std::string id, const serving::caller& who, const revision_look& look,
                 serving::question_modes modes, monotonic_time now,
                 std::shared_ptr<event_budget> budget, stream_number first_stream)
    : id_(std::move(id)),
      owner_(who.owner),
      quota_(who.quota),
      begun_(now),
      restored_(first_stream > 1),
      used_(now),
      look_(look),
      modes_(modes),
      streams_(look, budget ? std::move(budget) : std::make_shared<event_budget>(0), first_stream) {
}

void session::set_initialized() {
  std::vector<held_message> held;
  {
    const guard lock(mutex_);
    initialized_.store(true, std::memory_order_release);
    held.swap(held_);
  }
  if (news_) news_->open();
  for (auto& message : held) {
    if (const auto out = message.out.lock()) out->send(std::move(message.text));
  }
  streams_.set_initialized();
}

bool session::send_when_initialized(const std::shared_ptr<outlet>& out, std::string message) {
  if (!initialized()) {
    const guard lock(mutex_);
    if (!initialized_.load(std::memory_order_relaxed)) {
      if (held_.size() >= tunables::held_messages) return false;
      held_.push_back({out, std::move(message)});
      return true;
    }
  }
  return out->send(std::move(message));
}

bool session::hold_stream(const std::string& task, const void* holder) {
  const guard lock(mutex_);
  return holders_.try_emplace(task, holder).first->second == holder;
}

void session::release_stream(const std::string& task, const void* holder) {
  const guard lock(mutex_);
  const auto at = holders_.find(task);
  if (at != holders_.end() && at->second == holder) holders_.erase(at);
}

bool session::stream_is_held(const std::string& task) {
  const guard lock(mutex_);
  return holders_.contains(task);
}

bool session::advance_progress(const std::string& task, double done) {
  const guard lock(mutex_);
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
  const guard lock(mutex_);
  const auto at = progress_.find(task);
  return at == progress_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace longhaul::wire
