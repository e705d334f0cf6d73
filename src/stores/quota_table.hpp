// SPDX-License-Identifier: Apache-2.0
// How much of a store each quota uses, against the bounds of `create` and `answer`.
//
// Threads: any. The table is cut into parts with a lock each; the numbers themselves are atomic, so
// that a task which ends gives its use back without one.
//
// Invariants: a use is counted before the task that it is of exists, and given back after it is
// gone, so a bound is never passed, and refuses at worst a moment too long; a quota without tasks
// has no entry.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/stores/store.hpp"
#include "stores/index_keys.hpp"
#include "stores/tunables.hpp"

namespace longhaul::stores {

class quota_table {
 public:
  /// The use of one quota, tasks and bytes. `open_tasks` is given back as they end, without a lock.
  struct use {
    std::atomic<std::size_t> open_tasks{0}, open_bytes{0};
    std::atomic<std::size_t> stored_tasks{0}, stored_bytes{0};
  };
  struct admission {
    std::shared_ptr<use> granted;  ///< null: refused
    std::string_view bound = {};   ///< the name of the bound that refused
  };
  /// What a store finds at its start.
  struct initial_use {
    std::size_t open_tasks = 0, open_bytes = 0, stored_tasks = 0, stored_bytes = 0;
  };

  /// Bounds in bytes for `admit` and `try_grow`. Before the first of these.
  void limit(const byte_bounds& bounds) noexcept { bytes_ = bounds; }
  /// Counts one more open and stored task of so many bytes, or says which bound refuses.
  admission admit(std::string_view quota, const create_bounds& bounds, std::size_t bytes);
  /// Counts what a store found at its start, whatever the bounds.
  std::shared_ptr<use> restore(std::string_view quota, const initial_use& there);
  /// An open task takes so many bytes more, unless the bounds refuse.
  bool try_grow(use& quota, std::size_t more) noexcept;
  /// There is memory for so much more of what a task ends with: an eighth beyond the bounds.
  bool has_memory(std::string_view quota, std::size_t more);
  /// The size of an open task has changed.
  void resized(use& quota, std::size_t before, std::size_t after) noexcept;
  /// A task that takes `bytes` has ended.
  void closed(use& quota, std::size_t bytes) noexcept;
  /// The size of a task that has ended has changed.
  void resized_ended(std::string_view quota, std::size_t before, std::size_t after);
  /// A task of so many bytes that had ended was removed.
  void removed(std::string_view quota, std::size_t bytes);
  /// Who uses how much; the `most` of them who use most (`keep_largest`).
  std::vector<owner_use> largest(std::size_t most) const;
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
  use all_;  // of all quotas together
  std::array<part, tunables::index_parts> parts_;
};

}  // namespace longhaul::stores
