// SPDX-License-Identifier: Apache-2.0
#include "tasks/slots.hpp"

#include <algorithm>
#include <limits>

namespace longhaul::tasks {

std::size_t slots::running_of(std::string_view tool) const {
  const auto found = by_tool_.find(tool);
  return found == by_tool_.end() ? 0 : found->second;
}

std::size_t slots::running_with(tool_use tool) const {
  const auto found = by_key_.find(stores::two_views(tool.name, tool.key));
  return found == by_key_.end() ? 0 : found->second.running;
}

bool slots::has_room(tool_use tool) const {
  if (tool.limit == 0 && tool.key_limit == 0) return true;
  // While a claim is under way nobody knows whose its slots will be.
  if (promised_ != 0) return false;
  if (tool.limit != 0 && running_of(tool.name) >= tool.limit) return false;
  return tool.key_limit == 0 || running_with(tool) < tool.key_limit;
}

bool slots::may_take(const std::string& quota, tool_use tool) const {
  if (free_ <= 0 || !has_room(tool)) return false;
  return free_ > reserved_ || (promised_ == 0 && !by_quota_.contains(quota));
}

void slots::count(const std::string& quota, tool_use tool) {
  ++by_quota_[quota];
  if (tool.limit != 0) ++by_tool_[std::string(tool.name)];
  if (tool.key_limit == 0) return;
  key_use& use = by_key_[{std::string(tool.name), std::string(tool.key)}];
  ++use.running;
  use.limit = tool.key_limit;
}

void slots::take(const std::string& quota, tool_use tool) {
  count(quota, tool);
  --free_;
}

void slots::give(const std::string& quota, tool_use tool) {
  const auto found = by_quota_.find(quota);
  if (found != by_quota_.end() && --found->second == 0) by_quota_.erase(found);
  if (tool.limit != 0) {
    const auto counted = by_tool_.find(tool.name);
    if (counted != by_tool_.end() && --counted->second == 0) by_tool_.erase(counted);
  }
  if (tool.key_limit != 0) {
    const auto counted = by_key_.find(stores::two_views(tool.name, tool.key));
    if (counted != by_key_.end() && --counted->second.running == 0) by_key_.erase(counted);
  }
  ++free_;
}

slots::calls slots::let_return() {
  calls result;
  for (auto at = returning_.begin(); at != returning_.end() && free_ > 0;) {
    returning& next = at->second;
    if (!has_room(next.use())) {
      ++at;
      continue;
    }
    take(next.quota, next.use());
    result.push_back(std::move(next.ready));
    at = returning_.erase(at);
  }
  return result;
}

bool slots::try_acquire(const std::string& quota, tool_use tool) {
  const guard lock(mutex_);
  if (!may_take(quota, tool)) return false;
  take(quota, tool);
  return true;
}

void slots::release(const std::string& quota, tool_use tool) {
  calls ready;
  {
    const guard lock(mutex_);
    give(quota, tool);
    if (!returning_.empty()) ready = let_return();
  }
  for (const auto& go_on : ready) go_on();
}

bool slots::park(const std::string& quota) {
  const guard lock(mutex_);
  if (parked_ >= max_parked_) return false;
  std::size_t& of_quota = parked_by_quota_[quota];
  if (of_quota >= parked_share_) return false;  // it is not zero, so the entry was there
  ++of_quota;
  ++parked_;
  return true;
}

void slots::unpark(const std::string& quota) {
  const guard lock(mutex_);
  --parked_;
  const auto found = parked_by_quota_.find(quota);
  if (found != parked_by_quota_.end() && --found->second == 0) parked_by_quota_.erase(found);
}

slots::ticket slots::reacquire(const std::string& quota, tool_use tool,
                               std::function<void()> ready) {
  ticket mine = 0;
  {
    const guard lock(mutex_);
    mine = ++last_ticket_;
    if (free_ <= 0 || !has_room(tool)) {
      returning_.emplace(mine, returning{quota, std::string(tool.name), tool.limit,
                                         std::string(tool.key), tool.key_limit, std::move(ready)});
      return mine;
    }
    take(quota, tool);
  }
  ready();
  return mine;
}

bool slots::waits(ticket place) const {
  const guard lock(mutex_);
  return returning_.contains(place);
}

bool slots::withdraw(ticket place) {
  const guard lock(mutex_);
  return returning_.erase(place) != 0;
}

slots::reservation slots::reserve(std::size_t at_most) {
  reservation result(*this);
  const guard lock(mutex_);
  std::size_t found = 0;
  if (free_ > reserved_) {
    found = static_cast<std::size_t>(free_ - reserved_);
  } else if (free_ > 0) {
    found = 1;  // one at a time, so that the reserve goes to different quotas
    for (const auto& [quota, count] : by_quota_) result.saturated_.insert(quota);
  }
  result.count_ = std::min(found, at_most);
  free_ -= static_cast<std::ptrdiff_t>(result.count_);
  promised_ += result.count_;
  return result;
}

void slots::reservation::use(const std::string& quota, tool_use tool) {
  slots_.use_reserved(quota, tool);
  --count_;
}

void slots::reservation::keep(std::size_t most) {
  if (count_ <= most) return;
  slots_.give_back(count_ - most);
  count_ = most;
}

void slots::use_reserved(const std::string& quota, tool_use tool) {
  calls ready;
  {
    const guard lock(mutex_);
    count(quota, tool);
    --promised_;
    if (promised_ == 0) ready = let_return();
  }
  for (const auto& go_on : ready) go_on();
}

void slots::give_back(std::size_t count) {
  calls ready;
  {
    const guard lock(mutex_);
    promised_ -= count;
    free_ += static_cast<std::ptrdiff_t>(count);
    ready = let_return();
  }
  for (const auto& go_on : ready) go_on();
}

std::size_t slots::left(tool_use tool) const {
  if (tool.limit == 0) return std::numeric_limits<std::size_t>::max();
  const guard lock(mutex_);
  const std::size_t running = running_of(tool.name);
  return running < tool.limit ? tool.limit - running : 0;
}

slots::figures slots::look(tool_use tool) const {
  const guard lock(mutex_);
  return {static_cast<std::size_t>(total_ - free_), running_of(tool.name), running_with(tool)};
}

slots::by_key slots::running_by_key() const {
  by_key result;
  const guard lock(mutex_);
  for (const auto& [key, use] : by_key_) {
    result.handlers.emplace(key, use.running);
    if (use.running >= use.limit) result.full.insert(key.first);
  }
  return result;
}

std::size_t slots::running() const {
  const guard lock(mutex_);
  return static_cast<std::size_t>(total_ - free_);
}

}  // namespace longhaul::tasks
