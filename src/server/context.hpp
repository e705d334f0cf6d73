// SPDX-License-Identifier: Apache-2.0
// What the parts of the server share: the catalog, the engine, and how they were set up. Each part
// is made of it and keeps nothing else that outlives a request.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string_view>

#include "base/clock_arithmetic.hpp"
#include "base/log.hpp"
#include "longhaul/limits.hpp"
#include "server/catalog.hpp"
#include "server/middleware_chain.hpp"
#include "server/outputs.hpp"
#include "tasks/engine.hpp"

namespace longhaul::serving {

struct dispatcher_options {
  /// With fallback tools: how long a call of a caller that knows no tasks waits for its result.
  std::chrono::milliseconds inline_limit = defaults::inline_limit;
  /// Where captured output comes from; null: there is none. Must outlive the dispatcher.
  output_source* outputs = nullptr;
  /// While work runs whose progress is wanted, something is said at least so often; zero: only what
  /// the tool says.
  std::chrono::milliseconds heartbeat = defaults::heartbeat;
  /// Null: there is none.
  std::shared_ptr<const middleware_chain> middleware = {};
  logger log = {};
};

struct context {
  const catalog& tools;
  tasks::engine& engine;
  const dispatcher_options options;

  task_view view(task_ptr task) const;
  /// On the engine's clock.
  monotonic_time deadline_in(milliseconds length) const {
    return saturating_add(engine.clock().monotonic(), length);
  }
  /// Middleware hears of a call before anything is done for it: how it is refused (which is told),
  /// or null. Null without middleware.
  std::optional<refused> decline(const caller& who, call_request& call) const;
  /// The same of a request about a task; `verb` as `called_feature::name`.
  std::optional<refused> decline(const caller& who, std::string_view verb,
                                 std::string_view task) const;
  /// What a caller is told of an exception: never its text, which goes to the log.
  refused failure(const std::exception& e) const;
};

}  // namespace longhaul::serving
