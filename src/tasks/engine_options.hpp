// SPDX-License-Identifier: Apache-2.0
// How an engine is set up.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/stores/store.hpp"
#include "tasks/call_hooks.hpp"
#include "tasks/tool_source.hpp"
#include "tasks/tunables.hpp"
#include "tasks/work_observer.hpp"

namespace longhaul::tasks {

struct engine_options {
  std::shared_ptr<stores::store> store;      ///< required
  std::shared_ptr<const tool_source> tools;  ///< required
  const clock_source* clock = &system_clock();
  std::size_t max_running = defaults::max_running;
  std::size_t max_parked = defaults::max_parked;
  std::size_t handler_threads = tunables::handler_threads;
  stores::create_bounds bounds{defaults::max_open_per_owner, defaults::max_open,
                               defaults::max_stored_per_owner, defaults::max_stored};
  byte_limits limits = {};
  /// Retention where nobody says otherwise; null: unlimited.
  std::optional<milliseconds> default_retention = tunables::default_retention;
  /// Every retention is cut to this; null: unlimited is allowed.
  std::optional<milliseconds> max_retention = tunables::max_retention;
  milliseconds lease = tunables::lease;
  milliseconds renew_every = tunables::renew_every;
  milliseconds trust_margin = tunables::trust_margin;
  milliseconds audit_every = tunables::audit_every;
  milliseconds claim_poll = tunables::claim_poll;
  milliseconds tick_interval = tunables::tick_interval;
  bool manual = false;  ///< no ticks by itself (tests)
  /// With `manual`: handlers that sleep do so on `clock`, too.
  bool sleep_by_clock = false;
  /// Ids of tasks that were removed for good, so that what lies beside the store can go as well.
  /// May be empty.
  std::function<void(const std::vector<std::string>&)> on_removed = {};
  /// Hears of results before they are kept, and of ends; null: nobody does.
  std::shared_ptr<call_hooks> hooks = {};
  /// Who counts and measures.
  work_observers observers = {};
  /// Begin and end of every task, and what goes wrong in the background.
  logger log = {};
};

}  // namespace longhaul::tasks
