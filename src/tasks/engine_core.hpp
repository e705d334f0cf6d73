// SPDX-License-Identifier: Apache-2.0
// What the parts of an engine share: how it is set up, its lanes, its slots, who runs, who follows.
// Nothing here does anything by itself.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "longhaul/stores/transitions.hpp"
#include "tasks/engine_options.hpp"
#include "tasks/hub.hpp"
#include "tasks/id_map.hpp"
#include "tasks/idle_signal.hpp"
#include "tasks/keyed_runs.hpp"
#include "tasks/lanes.hpp"
#include "tasks/paused_set.hpp"
#include "tasks/pauses.hpp"
#include "tasks/process_name.hpp"
#include "tasks/slots.hpp"
#include "tasks/task_log.hpp"
#include "tasks/waiting_calls.hpp"

namespace longhaul::tasks {

class direct_run;
class running_task;

struct engine_core {
  explicit engine_core(engine_options given);

  stores::instant now() const { return {options.clock->now(), options.clock->monotonic()}; }
  monotonic_time monotonic() const { return options.clock->monotonic(); }
  /// Nothing runs here. Looks at both in the order in which a run that gets its row moves.
  bool idle() const noexcept { return direct.size() == 0 && running.size() == 0; }
  /// Its end is written, or somebody else's.
  void forget(const std::shared_ptr<running_task>& run);
  /// Tells the log, and of its end the hooks.
  void tell_change(const task_record& task) const noexcept {
    log.change(task);
    for (const auto& one : options.observers) one->changed(task);
    if (task.ends && options.hooks) options.hooks->on_end(task);
  }
  /// Tells the log, and who counts, that a bound refused work.
  void tell_refusal(const task_origin& work, std::string_view bound) const noexcept {
    log.refusal(work, bound);
    for (const auto& one : options.observers) one->refused(work.tool, bound);
  }
  /// Does what `write` begins, and tells who measures how long that took, if it was `done`.
  template <class Write, class Done>
  auto measured(const task_origin& task, write_kind kind, Write write, Done done) const
      -> decltype(write()) {
    if (options.observers.empty()) co_return co_await write();
    const stopwatch watch;
    auto result = co_await write();
    if (!done(result)) co_return result;
    for (const auto& one : options.observers) one->wrote(task, kind, watch.so_far());
    co_return result;
  }
  /// A task waits for its time.
  void note_start(const task_record& task) noexcept;
  /// The store is in trouble, which is told once, not with every failure.
  bool in_trouble() const { return !options.store->trouble().empty(); }

  const engine_options options;
  process_name process;
  const task_log log;
  tasks::lanes lanes;
  tasks::hub hub;
  tasks::slots slots;
  /// Plain calls that wait for one.
  waiting_calls waiting;
  /// Tools whose calls wait.
  paused_set paused;
  /// When the first task that waits for its time may begin, as far as was told.
  std::atomic<monotonic_time> next_start{monotonic_time::max()};
  /// Of handlers, where the clock is moved by hand.
  tasks::pauses pauses;
  /// Tasks that this process has claimed, or is about to finish.
  id_map<running_task> running;
  /// Of these and of runs before them, those that count for a key.
  keyed_runs keyed;
  /// Calls that run without a row.
  id_map<direct_run> direct;
  /// Quick handlers that run, or are suspended, where their callers are: with a row or without.
  std::atomic<std::size_t> visiting{0};
  /// Work of requests that threads of the pool do.
  std::atomic<std::size_t> offloaded{0};
  /// Told when a run is taken out of one of these.
  idle_signal emptied;
  /// No new work begins.
  std::atomic<bool> draining{false};
  /// Handlers of external tasks, which run beyond the slots.
  std::atomic<std::size_t> handing_over{0};
};

}  // namespace longhaul::tasks
