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

#include "longhaul/task.hpp"
#include "stores/guarded.hpp"
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
  /// The use of one quota. `open` is given back as tasks end, without a lock.
  struct use {
    std::atomic<std::size_t> open{0};
    std::atomic<std::size_t> stored{0};
  };
  struct admission {
    std::shared_ptr<use> granted;  ///< null: refused
    std::string_view bound = {};   ///< the name of the bound that refused
  };

  /// Counts one more open and stored task, or says which bound refuses.
  admission admit(std::string_view quota, const create_bounds& bounds);
  /// Counts what a store found at its start, whatever the bounds.
  std::shared_ptr<use> restore(std::string_view quota, std::size_t open, std::size_t stored);
  /// A task of `quota` has ended.
  void closed(use& of) noexcept;
  /// A task that had ended was removed.
  void removed(std::string_view quota);
  /// Quotas that have tasks.
  std::size_t size() const;

 private:
  struct alignas(64) part {
    mutable guarded_mutex mutex;
    by_name<std::shared_ptr<use>> quotas LONGHAUL_GUARDED_BY(mutex);
  };
  part& part_of(std::string_view quota) noexcept;

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
