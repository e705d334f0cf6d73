// SPDX-License-Identifier: Apache-2.0
// Handlers that give no sign of life: their attempt ends, and another one follows if the tool wants
// it (`retry_on::stall`). Whoever hears of the change stops the handler.
//
// Threads: one at a time.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tasks/engine_core.hpp"
#include "tasks/reporter.hpp"

namespace longhaul::tasks {

class stall_watch {
 public:
  stall_watch(engine_core& core, reporter& reports) : core_(core), reporter_(reports) {}

  /// Ends those that are due; what cannot be written is tried again by the next look.
  boost::asio::awaitable<void> look();

 private:
  boost::asio::awaitable<void> end(running_task& run, milliseconds limit);

  engine_core& core_;
  reporter& reporter_;
};

}  // namespace longhaul::tasks
