// SPDX-License-Identifier: Apache-2.0
#include "tasks/lanes.hpp"

#include <utility>

#include "longhaul/stores/task_id.hpp"
#include "stores/memory_store.hpp"

namespace longhaul::tasks {
namespace {

// Digits of the time come first in all other ids, and they never get so far.
constexpr std::string_view mark_of_memory = "v";

stores::byte_bounds bounds_of(const byte_limits& limits, bool in_memory) {
  stores::byte_bounds bounds;
  bounds.open_per_quota = limits.max_open_bytes_per_owner;
  bounds.open_total = limits.max_open_bytes;
  bounds.stored_per_quota = limits.max_stored_bytes_per_owner;
  bounds.stored_total = limits.max_stored_bytes;
  if (in_memory) {
    bounds.memory_per_quota = limits.max_memory - limits.max_memory / 2;
    bounds.memory_total = limits.max_memory;
  }
  return bounds;
}

std::shared_ptr<stores::store> store_in_memory(const clock_source& clock) {
  // A waiter there is always told of the end: nothing is kept for it to read.
  const stores::memory_options options{.hidden_result_kept = milliseconds(0)};
  return std::make_shared<stores::memory_store>(options, clock);
}

}  // namespace

lanes::lanes(std::shared_ptr<stores::store> durable, const byte_limits& limits,
             const clock_source& clock)
    : durable_(std::move(durable), true), in_memory_(store_in_memory(clock), false) {
  durable_.store->limit(bounds_of(limits, !durable_.store->durable()));
  in_memory_.store->limit(bounds_of(limits, true));
}

bool lanes::is_in_memory(std::string_view id) noexcept { return id.starts_with(mark_of_memory); }

std::string lanes::new_id(task_policy policy, timestamp now) {
  return new_task_id(now, policy == task_policy::never ? mark_of_memory : std::string_view());
}

}  // namespace longhaul::tasks
