// SPDX-License-Identifier: Apache-2.0
// Who listens to what, by a key. Listeners are kept weakly: whoever is gone is forgotten.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "server/tunables.hpp"

namespace longhaul::serving {

template <class Listener>
class listener_map {
 public:
  /// Until it is gone, or `forget`. Twice is once.
  void add(const std::string& key, const std::shared_ptr<Listener>& listener) {
    const guard lock(mutex_);
    if (by_key_.size() >= 2 * swept_size_ + tunables::watched_before_sweep) sweep();
    auto& known = by_key_[key];
    std::erase_if(known, [](const auto& weak) { return weak.expired(); });
    const bool there =
        std::ranges::any_of(known, [&](const auto& weak) { return weak.lock() == listener; });
    if (!there) known.push_back(listener);
  }

  void forget(const std::string& key, const Listener* listener) {
    const guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    std::erase_if(found->second, [&](const auto& weak) {
      const auto known = weak.lock();
      return !known || known.get() == listener;
    });
    if (found->second.empty()) by_key_.erase(found);
  }

  /// Those of this key, to be called without a lock.
  std::vector<std::shared_ptr<Listener>> listening_to(const std::string& key) {
    std::vector<std::shared_ptr<Listener>> hearing;
    const guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return hearing;
    for (const auto& weak : found->second) {
      if (auto listener = weak.lock()) hearing.push_back(std::move(listener));
    }
    if (hearing.empty()) by_key_.erase(found);
    return hearing;
  }

  /// Keys that somebody listens to.
  std::size_t size() const {
    const guard lock(mutex_);
    return by_key_.size();
  }

 private:
  // Whoever left without a word costs a share of the next ones.
  void sweep() LONGHAUL_REQUIRES(mutex_) {
    for (auto& [key, known] : by_key_) {
      std::erase_if(known, [](const auto& weak) { return weak.expired(); });
    }
    std::erase_if(by_key_, [](const auto& entry) { return entry.second.empty(); });
    swept_size_ = by_key_.size();
  }

  mutable guarded_mutex mutex_;
  std::unordered_map<std::string, std::vector<std::weak_ptr<Listener>>> by_key_
      LONGHAUL_GUARDED_BY(mutex_);
  std::size_t swept_size_ LONGHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace longhaul::serving
