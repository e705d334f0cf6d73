// SPDX-License-Identifier: Apache-2.0
#include "tasks/slots.hpp"

#include <algorithm>
#include <limits>

namespace longhaul::tasks {

void slots::limit(const std::string& tool, std::size_t count) {
  const std::lock_guard lock(mutex_);
  tools_[tool].limit = count;
}

bool slots::has_room(std::string_view tool) const {
  const auto found = tools_.find(tool);
  if (found == tools_.end() || found->second.limit == 0) return true;
  // While a claim is under way nobody knows whose its slots will be.
  return promised_ == 0 && found->second.running < found->second.limit;
}

bool slots::may_take(const std::string& quota, std::string_view tool) const {
  if (free_ <= 0 || !has_room(tool)) return false;
  return free_ > reserved_ || (promised_ == 0 && !running_.contains(quota));
}

void slots::count(const std::string& quota, std::string_view tool) {
  ++running_[quota];
  const auto found = tools_.find(tool);
  if (found != tools_.end()) ++found->second.running;
}

void slots::take(const std::string& quota, std::string_view tool) {
  --free_;
  count(quota, tool);
}

void slots::give(const std::string& quota, std::string_view tool) {
  const auto found = running_.find(quota);
  if (found != running_.end() && --found->second == 0) running_.erase(found);
  const auto kind = tools_.find(tool);
  if (kind != tools_.end() && kind->second.running > 0) --kind->second.running;
  ++free_;
}

slots::calls slots::let_return() {
  calls result;
  for (auto at = returning_.begin(); at != returning_.end() && free_ > 0;) {
    returning& next = at->second;
    if (!has_room(next.tool)) {
      ++at;
      continue;
    }
    take(next.quota, next.tool);
    result.push_back(std::move(next.ready));
    at = returning_.erase(at);
  }
  return result;
}

bool slots::try_acquire(const std::string& quota, std::string_view tool) {
  const std::lock_guard lock(mutex_);
  if (!may_take(quota, tool)) return false;
  take(quota, tool);
  return true;
}

void slots::release(const std::string& quota, std::string_view tool) {
  calls ready;
  {
    const std::lock_guard lock(mutex_);
    give(quota, tool);
    if (!returning_.empty()) ready = let_return();
  }
  for (const auto& go_on : ready) go_on();
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

slots::ticket slots::reacquire(const std::string& quota, std::string_view tool,
                               std::function<void()> ready) {
  ticket mine = 0;
  {
    const std::lock_guard lock(mutex_);
    mine = ++last_ticket_;
    if (free_ <= 0 || !has_room(tool)) {
      returning_.emplace(mine, returning{quota, std::string(tool), std::move(ready)});
      return mine;
    }
    take(quota, tool);
  }
  ready();
  return mine;
}

bool slots::waits(ticket which) const {
  const std::lock_guard lock(mutex_);
  return returning_.contains(which);
}

bool slots::withdraw(ticket which) {
  const std::lock_guard lock(mutex_);
  return returning_.erase(which) != 0;
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

void slots::use_reserved(const std::string& quota, std::string_view tool) {
  calls ready;
  {
    const std::lock_guard lock(mutex_);
    --promised_;
    count(quota, tool);
    if (promised_ == 0) ready = let_return();
  }
  for (const auto& go_on : ready) go_on();
}

void slots::give_back(std::size_t count) {
  if (count == 0) return;
  calls ready;
  {
    const std::lock_guard lock(mutex_);
    promised_ -= count;
    free_ += static_cast<std::ptrdiff_t>(count);
    ready = let_return();
  }
  for (const auto& go_on : ready) go_on();
}

slots::room slots::look() const {
  room result;
  for (const auto& [tool, use] : tools_) {
    const std::size_t left = use.limit == 0            ? std::numeric_limits<std::size_t>::max()
                             : use.running < use.limit ? use.limit - use.running
                                                       : 0;
    result.tools.emplace(tool, left);
  }
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
