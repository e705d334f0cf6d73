// SPDX-License-Identifier: Apache-2.0
#include "tasks/runs.hpp"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "tasks/certain.hpp"
#include "tasks/outcomes.hpp"

namespace longhaul::tasks {
namespace {

// False: it ended, or moved, since it was claimed. Of an external task, which is not claimed, the
// store may know nothing without reading: then the first write of its handler tells.
bool is_current(const running_task& run) {
  const task_ptr now = run.store().known(run.id());
  if (!now) return run.external();
  return !now->terminal() && now->epoch == run.claimed()->epoch;
}

}  // namespace

boost::asio::awaitable<void> runs::start(lane& home, task_ptr task, tool_ptr tool) {
  const launcher::seat seat = launcher_.seat_for(*tool);
  const auto run = std::make_shared<running_task>(*this, home, task, std::move(tool), seat.stopping,
                                                  seat.handlers);
  core_.running.put(run);
  // Either a drain that begins sees the registration, or we see the drain.
  const bool begins = core_.draining ? !run->leave_unstarted() : run->begin();
  if (!begins) co_return co_await hand_back_unstarted(run);
  core_.log.begin(*task);
  // A change between the claim and the registration told nobody here.
  if (!is_current(*run)) run->request_stop();
  launcher_.launch(run, co_await boost::asio::this_coro::executor);
}

void runs::on_change(const task_record& task) {
  const auto run = core_.running.find(task.id());
  if (!run || run->ending()) return;
  if (task.terminal() || task.epoch > run->claimed()->epoch) run->request_stop();
}

// Its handler never ran, so another process may run it, whatever the tool says of crashes; work
// that nobody else can do is failed.
boost::asio::awaitable<void> runs::hand_back_unstarted(std::shared_ptr<running_task> run) {
  constexpr std::string_view message = "the server is shutting down";
  const outcome end = lost(message);
  const auto release = [&] { return run->store().release(run->id(), run->writer()); };
  const auto finish = [&] { return run->store().finish(run->id(), run->writer(), end, message); };
  try {
    if (run->home().is_durable && !run->external()) {
      co_await certain(release);
    } else {
      co_await certain(finish);
    }
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_handed_back", e.what(), run->id());
  }
  release_slot(*run);
  core_.forget(run);
}

boost::asio::awaitable<void> runs::ended(std::shared_ptr<running_task> run, handler_result result) {
  if (!result && !run->external() && !run->stop_requested()) result = no_result();
  bool written = true;
  if (result && !run->stop_requested()) {
    run->begin_end();
    written = co_await reporter_.write_end(run, *std::move(result));
  } else if (run->external() && !run->stop_requested()) {
    co_await write_last_report(run);
  }
  release_slot(*run);
  if (written) core_.forget(run);
  if (claimer_.wanted()) co_await claimer_.claim_all();  // whoever gives a slot back fills it
}

// Who takes the work up after a crash finds what the handler saved of it.
boost::asio::awaitable<void> runs::write_last_report(const std::shared_ptr<running_task>& run) {
  try {
    co_await reporter_.write_last_report(*run);
  } catch (const std::exception& e) {
    core_.log.trouble("task.report_unwritten", e.what(), run->id());
  }
}

void runs::release_slot(running_task& run) {
  if (run.external()) --core_.handing_over;
  if (run.holds_slot.exchange(false)) core_.slots.release(run.quota(), run.use());
}

}  // namespace longhaul::tasks
