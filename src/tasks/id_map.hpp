// SPDX-License-Identifier: Apache-2.0
// Shared objects by the id of their task, in shards, so that threads seldom meet.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"

namespace longhaul::tasks {

/// `T` has `id()`, which lives and stays the same as long as the object.
template <class T>
class id_map {
 public:
  void put(const std::shared_ptr<T>& object) {
    shard& place = shard_of(object->id());
    const guard lock(place.mutex);
    // The key is a view into the object: it goes with the one that is replaced.
    if (place.by_id.erase(object->id()) == 0) ++size_;
    place.by_id.emplace(object->id(), object);
  }
  /// False: this very object was not there.
  bool remove(const std::shared_ptr<T>& object) {
    shard& place = shard_of(object->id());
    const guard lock(place.mutex);
    const auto found = place.by_id.find(object->id());
    if (found == place.by_id.end() || found->second != object) return false;
    place.by_id.erase(found);
    --size_;
    return true;
  }
  std::shared_ptr<T> find(std::string_view id) const {
    shard& place = shard_of(id);
    const guard lock(place.mutex);
    const auto found = place.by_id.find(id);
    return found == place.by_id.end() ? nullptr : found->second;
  }
  std::vector<std::shared_ptr<T>> all() const {
    std::vector<std::shared_ptr<T>> result;
    for (shard& place : shards_) {
      const guard lock(place.mutex);
      for (const auto& [id, object] : place.by_id) result.push_back(object);
    }
    return result;
  }
  std::size_t size() const noexcept { return size_; }
  void clear() {
    for (const auto& object : all()) remove(object);
  }

 private:
  struct shard {
    guarded_mutex mutex;
    std::unordered_map<std::string_view, std::shared_ptr<T>> by_id LONGHAUL_GUARDED_BY(mutex);
  };

  shard& shard_of(std::string_view id) const noexcept {
    return shards_[std::hash<std::string_view>{}(id) % shards_.size()];
  }

  mutable std::array<shard, 16> shards_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace longhaul::tasks
