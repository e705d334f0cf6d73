// SPDX-License-Identifier: Apache-2.0
// What the memory store finds tasks by, besides their id: owner (for lists) and idempotency key.
// Each index is cut into parts with a lock each; none calls out while it holds one.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"
#include "stores/index_keys.hpp"
#include "stores/tunables.hpp"

namespace longhaul::stores {

/// Tasks of each owner in the order of their ids.
class owner_index {
 public:
  void add(const origin_ptr& origin);
  void remove(const task_origin& origin);
  /// Up to `count` tasks of `owner`, newest first, older than the id `before` (empty: from the
  /// top).
  std::vector<origin_ptr> page(std::string_view owner, std::string_view before,
                               std::size_t count) const;
  std::size_t size() const;

 private:
  struct alignas(64) part {
    mutable guarded_mutex mutex;
    by_name<oldest_first> owners LONGHAUL_GUARDED_BY(mutex);
  };
  part& part_of(std::string_view owner) const noexcept;

  mutable std::array<part, tunables::index_parts> parts_;
};

/// Ids by (owner, tool, word), where the word is an idempotency key or a unique hash. A part stays
/// locked through the create that asks, which makes racers on one word one after the other.
class key_index {
 public:
  struct alignas(64) part {
    mutable guarded_mutex mutex;
    by_name<std::string> ids LONGHAUL_GUARDED_BY(mutex);  // joined key → task id
  };

  /// The three in one string; cannot be confused with another three.
  static std::string join(const task_origin& origin, std::string_view word);
  part& part_of(std::string_view joined) noexcept;
  /// Forgets the word of `origin` if it still leads to it.
  void remove(const task_origin& origin, std::string_view word);
  std::size_t size() const;

 private:
  std::array<part, tunables::key_parts> parts_;
};

}  // namespace longhaul::stores
