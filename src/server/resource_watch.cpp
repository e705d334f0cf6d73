// SPDX-License-Identifier: Apache-2.0
#include "server/resource_watch.hpp"

#include <algorithm>

#include "server/tunables.hpp"

namespace longhaul::serving {

void resource_watch::watch(const std::string& uri,
                           const std::shared_ptr<update_listener>& listener) {
  const guard lock(mutex_);
  if (by_uri_.size() >= 2 * swept_size_ + tunables::watched_before_sweep) sweep();
  listeners& known = by_uri_[uri];
  std::erase_if(known, [](const auto& weak) { return weak.expired(); });
  const bool there =
      std::ranges::any_of(known, [&](const auto& weak) { return weak.lock() == listener; });
  if (!there) known.push_back(listener);
}

void resource_watch::forget(const std::string& uri, const update_listener* listener) {
  const guard lock(mutex_);
  const auto found = by_uri_.find(uri);
  if (found == by_uri_.end()) return;
  std::erase_if(found->second, [&](const auto& weak) {
    const auto known = weak.lock();
    return !known || known.get() == listener;
  });
  if (found->second.empty()) by_uri_.erase(found);
}

void resource_watch::updated(const std::string& uri) {
  std::vector<std::shared_ptr<update_listener>> hearing;
  {
    const guard lock(mutex_);
    const auto found = by_uri_.find(uri);
    if (found == by_uri_.end()) return;
    for (const auto& weak : found->second) {
      if (auto listener = weak.lock()) hearing.push_back(std::move(listener));
    }
    if (hearing.empty()) by_uri_.erase(found);
  }
  for (const auto& listener : hearing) listener->on_resource_updated(uri);
}

std::size_t resource_watch::size() const {
  const guard lock(mutex_);
  return by_uri_.size();
}

// Whoever left without a word costs a share of the next ones.
void resource_watch::sweep() {
  for (auto& [uri, known] : by_uri_) {
    std::erase_if(known, [](const auto& weak) { return weak.expired(); });
  }
  std::erase_if(by_uri_, [](const auto& entry) { return entry.second.empty(); });
  swept_size_ = by_uri_.size();
}

}  // namespace longhaul::serving
