// SPDX-License-Identifier: Apache-2.0
#include "tasks/runs.hpp"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "tasks/certain.hpp"
#include "tasks/outcomes.hpp"
#include "tasks/sync.hpp"

namespace longhaul::tasks {
namespace {

constexpr std::string_view cannot_start = "the work could not be started";

// False: it ended, or moved, since it was claimed. Of an external task, which is not claimed, the
// store may know nothing without reading: then the first write of its handler tells.
bool is_current(const running_task& run) {
  const task_ptr now = run.store().known(run.id());
  if (!now) return run.external();
  return !now->terminal() && now->epoch == run.claimed()->epoch;
}

}  // namespace

boost::asio::awaitable<bool> runs::start(lane& home, task_ptr task, tool_ptr tool,
                                         std::shared_ptr<void> read) {
  const auto run = make_run(home, task, tool);
  if (!run) {
    co_await hand_back_unstarted(home, std::move(task), cannot_start);
    co_return false;
  }
  run->was_read(std::move(read));
  // Either a drain that begins sees the registration, or we see the drain.
  const bool begins = core_.draining ? !run->leave_unstarted() : run->begin();
  const auto here = co_await boost::asio::this_coro::executor;
  if (begins && launch(run, here)) co_return true;
  const std::string_view message = begins ? cannot_start : "the server is shutting down";
  co_await hand_back_unstarted(home, std::move(task), message);
  let_go(run);
  co_return false;
}

std::shared_ptr<running_task> runs::make_run(lane& home, const task_ptr& task,
                                             const tool_ptr& tool) noexcept {
  const tool_use use = use_of(*tool, *task->origin);
  try {
    const launcher::seat seat = launcher_.seat_for(*tool);
    auto run =
        std::make_shared<running_task>(*this, home, task, tool, seat.stopping, seat.handlers);
    core_.keyed.add(*task);
    core_.running.put(run);
    return run;
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_begun", e.what(), task->id());
    core_.keyed.remove(*task);
  }
  if (task->origin->external) {
    --core_.handing_over;
  } else {
    core_.slots.release(task->origin->quota, use);
  }
  return nullptr;
}

bool runs::launch(const std::shared_ptr<running_task>& run,
                  const boost::asio::any_io_executor& caller) noexcept {
  try {
    core_.log.begin(*run->claimed());
    // A change between the claim and the registration told nobody here.
    if (!is_current(*run)) run->request_stop();
    launcher_.launch(run, caller);
    return true;
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_begun", e.what(), run->id());
    return false;
  }
}

void runs::on_change(const task_record& task) {
  const auto run = core_.running.find(task.id());
  if (!run || run->ending()) return;
  if (task.terminal() || task.epoch > run->claimed()->epoch) run->request_stop();
}

// Its handler never ran, so another process may run it, whatever the tool says of crashes; work
// that nobody else can do is failed.
boost::asio::awaitable<void> runs::hand_back_unstarted(lane& home, task_ptr task,
                                                       std::string_view message) {
  const stores::writer writer{task->epoch, task->origin->token, stores::writer::stage::not_begun};
  const outcome end = lost(message);
  const auto release = [&] { return home.store->release(task->id(), writer); };
  const auto finish = [&] { return home.store->finish(task->id(), writer, end, message); };
  try {
    if (home.is_durable && !task->origin->external) {
      co_await certain(release);
    } else {
      co_await certain(finish);
    }
  } catch (const std::exception& e) {
    core_.log.trouble("task.not_handed_back", e.what(), task->id());
  }
}

// The work was handed over: nobody has anything to say of it now.
bool runs::ended_at_once(const std::shared_ptr<running_task>& run, const handler_result& result) {
  if (result || !run->external() || run->stop_requested() || run->reports().has_news()) {
    return false;
  }
  let_go(run);
  claimer_.claim_soon();
  return true;
}

boost::asio::awaitable<void> runs::ended(std::shared_ptr<running_task> run) {
  const bool written = co_await write_end(run);
  if (written) {
    let_go(run);
    co_await leave(*run);
  } else {
    end_later(run);
  }
  if (claimer_.wanted()) co_await claimer_.claim_all();  // whoever gives a slot back fills it
}

boost::asio::awaitable<bool> runs::write_end(const std::shared_ptr<running_task>& run) {
  handler_result& result = run->result();
  const bool stopped = run->stop_requested() && !run->ending();
  if (stopped) run->lose();
  if (!result && !run->external() && !stopped) result = no_result();
  if (result && !stopped) {
    run->begin_end();
    bool written = false;
    if (run->retry()) {
      written = co_await reporter_.write_retry(*run, *run->retry());
    } else {
      written = co_await reporter_.write_end(*run, *result);
    }
    if (written) result.reset();  // it may be large
    co_return written;
  }
  if (run->external() && !stopped) co_await write_last_report(run);
  co_return true;
}

// Needs no memory, of which there may be none. Its end is known, so nobody else is to end it.
void runs::end_later(const std::shared_ptr<running_task>& run) noexcept {
  run->begin_end();
  release_slot(*run);
  run->leave_end_to_tick();
  claimer_.claim_soon();
}

boost::asio::awaitable<void> runs::write_late_ends() {
  for (const auto& run : core_.running.all()) {
    if (!run->end_is_late()) continue;
    try {
      const bool written = co_await write_end(run);
      if (!written) continue;
      let_go(run);
      co_await leave(*run);
    } catch (const std::exception& e) {  // the next tick tries again
      if (!core_.in_trouble()) core_.log.trouble("task.end_unwritten", e.what(), run->id());
    }
  }
}

// Its own last word would have said that its handler has returned.
boost::asio::awaitable<void> runs::leave(const running_task& run) {
  if (!run.lost() || !run.begun_as().concurrency_key) co_return;
  try {
    co_await run.store().leave(run.id(), run.claimed()->epoch);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the audit finds it
  }
}

// Who takes the work up after a crash finds what the handler saved of it.
boost::asio::awaitable<void> runs::write_last_report(const std::shared_ptr<running_task>& run) {
  try {
    co_await reporter_.write_last_report(*run);
  } catch (const std::exception& e) {
    core_.log.trouble("task.report_unwritten", e.what(), run->id());
  }
}

// One that is ending is: its end is known, and is written sooner or later.
void runs::abandon(const std::shared_ptr<running_task>& run) noexcept {
  if (run->ending()) return;
  run->begin_end();
  let_go(run);
  claimer_.claim_soon();
  const outcome end = lost(executor_lost_message);
  const auto finish = [&] {
    return run->store().finish(run->id(), run->writer(), end, executor_lost_message);
  };
  try {
    sync(certain(finish));
  } catch (const std::exception& e) {
    core_.log.trouble("task.end_unwritten", e.what(), run->id());
  }
}

void runs::let_go(const std::shared_ptr<running_task>& run) {
  release_slot(*run);
  core_.keyed.remove(*run->claimed());
  core_.forget(run);
}

void runs::release_slot(running_task& run) {
  if (run.runs_beyond.exchange(false)) --core_.handing_over;
  if (run.holds_slot.exchange(false)) core_.slots.release(run.quota(), run.use());
}

}  // namespace longhaul::tasks
