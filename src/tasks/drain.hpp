// SPDX-License-Identifier: Apache-2.0
// The way out: nothing new begins, what runs gets its time, nothing is lost.
//
//   begin ──► no claims, no starts ──grace, or hurry──► what still runs is given up:
//               │                                         handed back if it may run again,
//               └──► what was claimed but not begun       else failed ("executor lost")
//                    is handed back by whoever            │
//                    was about to start it                ├──► its handler is told to stop
//                                                         └──stop grace──► waiters are told that
//                                                                          nothing more will come
//
// Either a drain that begins sees the registration of a run, or whoever registered it sees the
// drain.
//
// Threads: any; it blocks.
#pragma once

#include <atomic>
#include <memory>

#include "tasks/claimer.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/launcher.hpp"
#include "tasks/reporter.hpp"

namespace longhaul::tasks {

class drain {
 public:
  drain(engine_core& core, launcher& starts, reporter& reports, claimer& claims)
      : core_(core), launcher_(starts), reporter_(reports), claimer_(claims) {}

  /// A second call (from another thread) is `hurry`.
  void run(milliseconds grace, milliseconds stop_grace);
  /// Cuts the grace short, also of a drain that is still to come.
  void hurry();
  /// Tells every handler to stop.
  void stop_all();

 private:
  void give_up_all();
  void give_up(const std::shared_ptr<running_task>& run);

  engine_core& core_;
  launcher& launcher_;
  reporter& reporter_;
  claimer& claimer_;
  std::atomic<bool> hurry_{false};
};

}  // namespace longhaul::tasks
