// SPDX-License-Identifier: Apache-2.0
// The two stores of an engine. A task stays in the lane in which it was created, and its id says
// which that is:
//
//             | whose tasks                  | its store      | claims need a lease  | afterwards
//   durable   | tools that make tasks        | the server's   | yes: others share it | kept
//   in memory | plain calls of `never` tools | one of our own | no: nobody else has  | gone at the
//             |                              |                | it, or can lose it   | end
//
// Threads: any.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "longhaul/clock.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/stores/store.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::tasks {

struct lane {
  lane(std::shared_ptr<stores::store> tasks, bool shared)
      : store(std::move(tasks)), is_durable(shared) {}

  const std::shared_ptr<stores::store> store;
  /// Other processes may claim from it, now or after us; so claims need a lease, and what is handed
  /// back runs again.
  const bool is_durable;
  /// Tasks may wait in it for a slot.
  std::atomic<bool> backlog{false};
  /// Its store is to be asked once, although nobody told of work: a task may have come from
  /// elsewhere, or its time, or the tool that it waits for.
  std::atomic<bool> look{false};
};

class lanes {
 public:
  /// Holds both stores to `limits`.
  lanes(std::shared_ptr<stores::store> durable, const byte_limits& limits,
        const clock_source& clock);

  lane& durable() noexcept { return durable_; }
  lane& in_memory() noexcept { return in_memory_; }
  /// The lane in which the task of this id is, if there is one.
  lane& lane_of(std::string_view id) noexcept { return is_in_memory(id) ? in_memory_ : durable_; }
  /// The time of the store in which tasks of a tool with this policy are.
  stores::instant time_of(task_policy policy) const {
    return (policy == task_policy::never ? in_memory_ : durable_).store->now();
  }
  /// Other processes may have the task of this id as well.
  bool is_shared(std::string_view id) const noexcept {
    return !is_in_memory(id) && !durable_.store->exclusive();
  }
  /// A claim may find something.
  bool any_work() const noexcept {
    return durable_.backlog || in_memory_.backlog || durable_.look || in_memory_.look;
  }

  /// Ids of the lane in memory come behind all others.
  static bool is_in_memory(std::string_view id) noexcept;
  /// A fresh id for a task of a tool with this policy.
  static std::string new_id(task_policy policy, timestamp now);

 private:
  lane durable_, in_memory_;
};

}  // namespace longhaul::tasks
