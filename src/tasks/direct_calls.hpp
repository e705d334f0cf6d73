// SPDX-License-Identifier: Apache-2.0
// Plain calls of tools that never make tasks, without a row, a claim and two writes: the handler
// runs, and its caller is told of the end. This is what makes a call that returns at once cheap.
//
// How a server uses it:
//
//   task = engine.run_directly(work, mailbox, executor)
//     null ─────► the call needs a row: follow `work.id`, `submit(work)`, wait. As any hidden task.
//     terminal ─► done: the result is in the snapshot, of which the mailbox is not told. It may
//                 have logs and progress, said before.
//     else ─────► wait for `mailbox->on_task` with a terminal snapshot, as for any hidden task. The
//                 mailbox hears of progress, logs and states without a registration. The caller
//                 left: `engine.cancel(owner, id, reason)`.
//
// A handler that asks gets its row, which the mailbox follows from before it exists;
// `engine.answer`, `get_any`, `follow` and `cancel` know it by the same id, as they know the row of
// any hidden task.
//
// Where the handler runs:
//
//   quick coroutine ─────► here, on the caller's executor, inside the call; no slot, but no more of
//                          them at once than there are slots
//   other coroutine ─────► a handler thread ┐ with a slot, or not at all: who finds none free waits
//   blocking ────────────► the pool         ┘ in the lane, as a row, behind those that wait already
//
// A row is needed as well: for a key of idempotency (who comes later must find it), for output that
// can be read after the call (`plain_retention`), for arguments that count against bounds in bytes,
// and where a bound on open tasks is smaller than what could run here: rows are counted, these are
// not. What is told, logged and bounded is the same on both ways.
//
// Invariants: a slot is held by a `slot_hold`, then by the run, which gives it back when it leaves;
// a quick run leaves with its frame, however that ends.
//
// Threads: any. Requires of the executor of a quick tool: one thread at a time, which runs until
// its calls have ended or is destroyed; `stop` waits for them.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "tasks/direct_run.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/intake.hpp"
#include "tasks/launcher.hpp"
#include "tasks/runs.hpp"
#include "tasks/slot_hold.hpp"
#include "tasks/submission.hpp"

namespace longhaul::tasks {

class direct_calls final : public direct_host {
 public:
  direct_calls(engine_core& core, launcher& starts, intake& submissions, runs& rows,
               claimer& claims);

  task_ptr run(const submission& work, const std::shared_ptr<follower>& caller,
               const boost::asio::any_io_executor& here);

  /// Followers were told of this state: with the last one, a caller needs to hear no more.
  void was_told(const task_record& task);

  // --- direct_host
  stores::instant now() const override { return core_.now(); }
  const byte_limits& limits() const noexcept override { return core_.options.limits; }
  tasks::pauses& pauses() noexcept override { return core_.pauses; }
  const work_observers& observers() const noexcept override { return core_.options.observers; }
  void changed(const task_record& task) override { core_.tell_change(task); }
  void trouble(const std::string& text, const std::string& id) const noexcept override {
    core_.log.trouble("task.untold", text, id);
  }
  boost::asio::awaitable<std::shared_ptr<running_task>> make_row(
      std::shared_ptr<direct_run> run) override;
  void ended(const std::shared_ptr<direct_run>& run) noexcept override { leave(*run); }

 private:
  class presence;
  class row_in_the_making;

  bool needs_row(const submission& work) const noexcept;
  bool take(slot_hold& slot) const;
  task_ptr run_here(const submission& work, const std::shared_ptr<follower>& caller,
                    const boost::asio::any_io_executor& here);
  task_ptr run_elsewhere(const submission& work, const std::shared_ptr<follower>& caller,
                         const boost::asio::any_io_executor& here);
  std::shared_ptr<direct_run> make_run(const submission& work,
                                       const std::shared_ptr<follower>& caller, launcher::seat seat,
                                       bool slot);
  bool enter(const std::shared_ptr<direct_run>& run, slot_hold& slot);
  void leave(direct_run& run) noexcept;
  boost::asio::awaitable<void> visit(presence visitor);
  void abandon(const std::shared_ptr<direct_run>& run) noexcept;

  stores::new_task row_of(direct_run& run) const;
  boost::asio::awaitable<task_ptr> create_row(const stores::new_task& task);
  std::shared_ptr<running_task> adopt(const std::shared_ptr<direct_run>& run, task_ptr row);
  void catch_up(direct_run& run, running_task& row);
  void attach(const direct_run& run);
  void detach(const std::string& id);

  engine_core& core_;
  launcher& launcher_;
  intake& intake_;
  runs& runs_;
  claimer& claimer_;
  const bool bounds_allow_;
  std::atomic<std::size_t> attached_{0};
  guarded_mutex mutex_;
  // By id: the callers of rows that were made here. Held until the end was told, not by the run,
  // which may be gone before.
  std::unordered_map<std::string, hub::subscription> callers_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
