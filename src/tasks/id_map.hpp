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
#include <utility>
#include <vector>

#include "base/mutex.hpp"

namespace longhaul::tasks {

/// `T` has `id()`, which lives and stays the same as long as the object.
template <class T>
class id_map {
 public:
  void put(const std::shared_ptr<T>& object) {
    const key mine(object->id());
    shard& place = shard_of(mine);
    const guard lock(place.mutex);
    const auto [at, is_new] = place.by_id.try_emplace(mine, object);
    if (is_new) {
      ++size_;
      return;
    }
    // The key is a view into the object: it goes with the one that is replaced.
    auto entry = place.by_id.extract(at);
    entry.key() = mine;
    entry.mapped() = object;
    place.by_id.insert(std::move(entry));
  }
  /// False: this very object was not there.
  bool remove(const T& object) {
    const key mine(object.id());
    shard& place = shard_of(mine);
    const guard lock(place.mutex);
    const auto found = place.by_id.find(mine);
    if (found == place.by_id.end() || found->second.get() != &object) return false;
    place.by_id.erase(found);
    --size_;
    return true;
  }
  std::shared_ptr<T> find(std::string_view id) const {
    const key wanted(id);
    shard& place = shard_of(wanted);
    const guard lock(place.mutex);
    const auto found = place.by_id.find(wanted);
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
    for (const auto& object : all()) remove(*object);
  }

 private:
  // An id, hashed once for its shard and its place there.
  struct key {
    explicit key(std::string_view text) noexcept
        : id(text), hash(std::hash<std::string_view>{}(text)) {}
    bool operator==(const key& other) const noexcept { return id == other.id; }
    std::string_view id;
    std::size_t hash;
  };
  struct hash_of_key {
    std::size_t operator()(const key& one) const noexcept { return one.hash; }
  };
  struct shard {
    guarded_mutex mutex;
    std::unordered_map<key, std::shared_ptr<T>, hash_of_key> by_id LONGHAUL_GUARDED_BY(mutex);
  };

  shard& shard_of(const key& one) const noexcept { return shards_[one.hash % shards_.size()]; }

  mutable std::array<shard, 16> shards_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace longhaul::tasks
