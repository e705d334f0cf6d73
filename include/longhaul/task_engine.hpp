// SPDX-License-Identifier: Apache-2.0
// The task engine as a library, without any server: durable-by-design tasks that are created,
// followed, asked, answered, finished and cancelled, by handlers here or by whoever holds a task's
// id and completion token. What can be done with them stands in `task_access.hpp`.
//
// Threads: as there; tools are added and the engine is started by one.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "longhaul/limits.hpp"
#include "longhaul/store.hpp"
#include "longhaul/task_access.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul {

struct task_engine_options {
  /// Where tasks are kept; null: in memory, as long as the engine lives.
  std::shared_ptr<stores::store> store = {};
  const clock_source* clock = &system_clock();
  std::size_t max_running = defaults::max_running;
  std::size_t max_open_per_owner = defaults::max_open_per_owner;
  byte_limits limits = {};
  std::optional<milliseconds> retention = defaults::retention;  ///< null: for ever
  std::optional<milliseconds> max_retention = defaults::max_retention;
  /// No housekeeping by itself: limits and retention are looked at in `remove_expired` only.
  bool manual = false;
};

class task_engine : public task_access {
 public:
  explicit task_engine(const task_engine_options& options = {});
  /// Requests stop on every handler and waits for them.
  ~task_engine();
  task_engine(const task_engine&) = delete;
  task_engine& operator=(const task_engine&) = delete;

  // --- tools, before `start`
  template <class Handler>
  void add_tool(tool_options options, Handler handler) {
    add_tool(make_tool(std::move(options), std::move(handler)));
  }
  void add_tool(tool_definition tool);
  /// Begins to work. Required before anything that `task_access` has.
  void start();

  /// Applies limits and removes tasks whose retention is over; how many were removed.
  std::size_t remove_expired();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace longhaul
