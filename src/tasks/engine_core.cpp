// SPDX-License-Identifier: Apache-2.0
#include "tasks/engine_core.hpp"

#include <utility>

#include "base/clock_arithmetic.hpp"
#include "tasks/running_task.hpp"

namespace longhaul::tasks {

engine_core::engine_core(engine_options given)
    : options(std::move(given)),
      log(options.log),
      lanes(options.store, options.limits, *options.clock),
      hub(tunables::followers_per_task, options.store),
      slots(options.max_running, options.max_running / tunables::reserved_slots_divisor,
            options.max_parked),
      pauses(*options.clock, options.sleep_by_clock) {}

// Each store has a time of its own.
void engine_core::note_start(const task_record& task) noexcept {
  const milliseconds pause = elapsed(lanes.lane_of(task.id()).store->now().mono, task.run_at);
  const monotonic_time at = saturating_add(monotonic(), pause);
  monotonic_time known = next_start;
  while (at < known && !next_start.compare_exchange_weak(known, at)) {
  }
}

void engine_core::forget(const std::shared_ptr<running_task>& run) {
  if (running.remove(*run)) emptied.tell();
}

}  // namespace longhaul::tasks
