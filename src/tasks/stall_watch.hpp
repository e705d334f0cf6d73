// SPDX-License-Identifier: Apache-2.0
// Handlers that give no sign of life: their attempt ends, and another one follows if the tool wants
// it (`retry_on::stall`).
//
// Threads: one at a time.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tasks/engine_core.hpp"

namespace longhaul::tasks {

class stall_watch {
 public:
  explicit stall_watch(engine_core& core) : core_(core) {}

  boost::asio::awaitable<void> look();

 private:
  boost::asio::awaitable<void> end(running_task& run, milliseconds limit) const;

  engine_core& core_;
};

}  // namespace longhaul::tasks
