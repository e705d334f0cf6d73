// SPDX-License-Identifier: Apache-2.0
// What the memory store finds tasks by, besides their id: owner (for lists), quota (for bounds) and
// idempotency key. Each index is cut into parts with a lock each; none calls out while it holds
// one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"
#include "stores/store.hpp"

namespace longhaul::stores {

using origin_ptr = std::shared_ptr<const task_origin>;

/// Ordered, not hashed: owners and keys are the callers' words, and an unkeyed hash can be flooded.
template <class Value>
using by_name = std::map<std::string, Value, std::less<>>;

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
  struct by_id {
    using is_transparent = void;
    bool operator()(const origin_ptr& a, const origin_ptr& b) const { return a->id < b->id; }
    bool operator()(const origin_ptr& a, std::string_view b) const { return a->id < b; }
    bool operator()(std::string_view a, const origin_ptr& b) const { return a < b->id; }
  };
  struct alignas(64) part {
    mutable guarded_mutex mutex;
    by_name<std::set<origin_ptr, by_id>> owners LONGHAUL_GUARDED_BY(mutex);
  };
  part& part_of(std::string_view owner) const noexcept;

  mutable std::array<part, 16> parts_;
};

/// How much of the store each quota uses, against the bounds of `create`.
class quota_table {
 public:
  /// The use of one quota, tasks and bytes. `open` is given back as tasks end, without a lock.
  struct use {
    std::atomic<std::size_t> open{0}, open_bytes{0};
    std::atomic<std::size_t> stored{0}, stored_bytes{0};
  };
  struct admission {
    std::shared_ptr<use> granted;  ///< null: refused
    std::string_view bound = {};   ///< the name of the bound that refused
  };
  /// What a store finds at its start.
  struct initial_use {
    std::size_t open = 0, open_bytes = 0, stored = 0, stored_bytes = 0;
  };

  /// Bounds in bytes for `admit` and `try_grow`. Before the first of these.
  void limit(const byte_bounds& bounds) noexcept { bytes_ = bounds; }
  /// Counts one more open and stored task of so many bytes, or says which bound refuses.
  admission admit(std::string_view quota, const create_bounds& bounds, std::size_t bytes);
  /// Counts what a store found at its start, whatever the bounds.
  std::shared_ptr<use> restore(std::string_view quota, const initial_use& there);
  /// An open task takes so many bytes more, unless the bounds refuse.
  bool try_grow(use& of, std::size_t by) noexcept;
  /// There is memory for so much more of what a task ends with: an eighth beyond the bounds.
  bool has_memory(std::string_view quota, std::size_t more);
  /// The size of an open task has changed.
  void resized(use& of, std::size_t before, std::size_t after) noexcept;
  /// A task that takes `bytes` has ended.
  void closed(use& of, std::size_t bytes) noexcept;
  /// The size of a task that has ended has changed.
  void resized_ended(std::string_view quota, std::size_t before, std::size_t after);
  /// A task of so many bytes that had ended was removed.
  void removed(std::string_view quota, std::size_t bytes);
  /// Quotas that have tasks.
  std::size_t size() const;
  /// Of all tasks.
  std::size_t bytes() const noexcept { return all_.stored_bytes.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) part {
    mutable guarded_mutex mutex;
    by_name<std::shared_ptr<use>> quotas LONGHAUL_GUARDED_BY(mutex);
  };
  part& part_of(std::string_view quota) noexcept;

  byte_bounds bytes_;
  use all_;
  std::array<part, 16> parts_;
};

/// Ids by (owner, tool, idempotency key). A part stays locked through the create that asks, which
/// makes racers on one key one after the other.
class key_index {
 public:
  struct alignas(64) part {
    mutable guarded_mutex mutex;
    by_name<std::string> ids LONGHAUL_GUARDED_BY(mutex);  // joined key → task id
  };

  /// The three in one string; cannot be confused with another three.
  static std::string join(const task_origin& origin);
  part& part_of(std::string_view joined) noexcept;
  /// Forgets the key of `origin` if it still leads to it.
  void remove(const task_origin& origin);
  std::size_t size() const;

 private:
  std::array<part, 64> parts_;
};

}  // namespace longhaul::stores
