// SPDX-License-Identifier: Apache-2.0
#include "tasks/drain.hpp"

#include <exception>

#include "tasks/direct_run.hpp"
#include "tasks/outcomes.hpp"
#include "tasks/running_task.hpp"
#include "tasks/sync.hpp"

namespace longhaul::tasks {

void drain::run(milliseconds grace, milliseconds stop_grace) {
  if (core_.draining.exchange(true)) return hurry();
  launcher_.launch_all();  // a caller's loop that ends now may not come to it
  core_.emptied.wait(grace, [this] { return hurry_ || core_.idle(); });
  give_up_all();
  core_.emptied.wait(stop_grace, [this] { return core_.idle(); });
  core_.hub.drained();  // what still waits for a slot gets none
}

void drain::hurry() {
  hurry_ = true;
  core_.emptied.tell();
}

// Calls without a row first: one that gets its row meanwhile is among the others then.
void drain::give_up_all() {
  for (const auto& run : core_.direct.all()) run->lose(executor_lost_message);
  for (const auto& run : core_.running.all()) {
    if (run->ending()) continue;           // its end is known and about to be written
    if (run->stop_requested()) continue;   // its end is written, or it is not ours any more
    if (run->leave_unstarted()) continue;  // whoever was about to start it hands it back
    give_up(run);
    run->request_stop();
  }
}

void drain::give_up(const std::shared_ptr<running_task>& run) {
  try {
    sync(reporter_.write_last_report(*run));
    sync(claimer_.give_up(run->home(), run->claimed(), run->writer().handler));
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_handed_back", e.what(), run->id());
  }
}

void drain::stop_all() {
  for (const auto& run : core_.direct.all()) run->request_stop();
  for (const auto& run : core_.running.all()) run->request_stop();
}

}  // namespace longhaul::tasks
