// SPDX-License-Identifier: Apache-2.0
#include "tasks/slots.hpp"

#include <algorithm>

namespace longhaul::tasks {

bool slots::may_take(const std::string& quota) const {
  if (free_ <= 0) return false;
  // While a claim is under way nobody knows whose its slots will be.
  return free_ > reserved_ || (promised_ == 0 && !running_.contains(quota));
}

void slots::take(const std::string& quota) {
  --free_;
  ++running_[quota];
}

void slots::give(const std::string& quota) {
  const auto found = running_.find(quota);
  if (found != running_.end() && --found->second == 0) running_.erase(found);
  ++free_;
}

bool slots::try_acquire(const std::string& quota) {
  const std::lock_guard lock(mutex_);
  if (!may_take(quota)) return false;
  take(quota);
  return true;
}

void slots::acquire(const std::string& quota) {
  const std::lock_guard lock(mutex_);
  take(quota);
}

void slots::release(const std::string& quota) {
  std::function<void()> ready;
  {
    const std::lock_guard lock(mutex_);
    give(quota);
    if (!returning_.empty() && free_ > 0) {
      take(returning_.front().quota);
      ready = std::move(returning_.front().ready);
      returning_.pop_front();
    }
  }
  if (ready) ready();
}

bool slots::park() {
  const std::lock_guard lock(mutex_);
  if (parked_ >= max_parked_) return false;
  ++parked_;
  return true;
}

void slots::unpark() {
  const std::lock_guard lock(mutex_);
  --parked_;
}

void slots::reacquire(const std::string& quota, std::function<void()> ready) {
  {
    const std::lock_guard lock(mutex_);
    if (free_ <= 0) {
      returning_.push_back({quota, std::move(ready)});
      return;
    }
    take(quota);
  }
  ready();
}

slots::room slots::available() const {
  const std::lock_guard lock(mutex_);
  return look();
}

slots::room slots::reserve(std::size_t at_most) {
  const std::lock_guard lock(mutex_);
  room result = look();
  result.count = std::min(result.count, at_most);
  free_ -= static_cast<std::ptrdiff_t>(result.count);
  promised_ += result.count;
  return result;
}

void slots::use_reserved(const std::string& quota) {
  const std::lock_guard lock(mutex_);
  --promised_;
  ++running_[quota];
}

void slots::give_back(std::size_t count) {
  for (; count > 0; --count) {
    use_reserved({});
    release({});
  }
}

slots::room slots::look() const {
  room result;
  if (free_ > reserved_) {
    result.count = static_cast<std::size_t>(free_ - reserved_);
  } else if (free_ > 0) {
    result.count = 1;  // one at a time, so that the reserve goes to different quotas
    for (const auto& [quota, count] : running_) result.saturated.insert(quota);
  }
  return result;
}

std::size_t slots::running() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(total_ - free_);
}

}  // namespace longhaul::tasks
