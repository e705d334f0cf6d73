// SPDX-License-Identifier: Apache-2.0
// How operators see the tasks of a store that no server of theirs has open (`longhaul store list`),
// the same for every kind of store that is looked after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "longhaul/clock.hpp"
#include "longhaul/task.hpp"

namespace longhaul::stores {

/// Never its arguments or its result.
struct listed_task {
  std::string id, tool, owner;
  task_status status = task_status::working;
  bool queued = false;  ///< working, and nobody runs it
  timestamp created{}, updated{};
  std::int64_t attempt = 0;
  std::string message;
};

struct list_filter {
  std::optional<task_status> status = std::nullopt;
  std::optional<bool> queued = std::nullopt;
  std::optional<std::string> tool = std::nullopt, owner = std::nullopt;
  std::size_t limit = 0;  ///< 0: none
};

/// Versions of what tasks are kept in, before and after it was brought forward. 0: there was none.
struct migrated {
  std::int64_t before = 0, after = 0;
};

}  // namespace longhaul::stores
