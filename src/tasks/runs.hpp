// SPDX-License-Identifier: Apache-2.0
// The life of a claimed task in this process, from its claim to the end of its handler.
//
//   claimed ──► registered ──► launched ──► the handler ──► end written ──► slot back ──► forgotten
//                  │                                          └─ unknown: kept for the next tick
//                  └─ a drain came first, or it cannot be started: handed back, unstarted
//
// Invariants: a slot counts until the handler really returned. Whoever gives a slot back fills it.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "tasks/claimer.hpp"
#include "tasks/engine_core.hpp"
#include "tasks/launcher.hpp"
#include "tasks/reporter.hpp"
#include "tasks/running_task.hpp"
#include "tasks/task_host.hpp"

namespace longhaul::tasks {

class runs final : public task_host {
 public:
  runs(engine_core& core, launcher& starts, reporter& reports, claimer& claims)
      : core_(core), launcher_(starts), reporter_(reports), claimer_(claims) {}

  /// Starts the handler of a task that this process has claimed and holds a slot for, which is the
  /// run's from now on, also if it cannot be started: then false, and it was handed back.
  /// `read`: its arguments, if the tool has read them just now.
  boost::asio::awaitable<bool> start(lane& home, task_ptr task, tool_ptr tool,
                                     std::shared_ptr<void> read = nullptr);
  /// A change was committed: the handler of a task that ended, or moved, is stopped.
  void on_change(const task_record& task);

  /// Nothing runs it any more, and nobody will say how it ended.
  void abandon(const std::shared_ptr<running_task>& run) noexcept;

  // --- task_host
  void tell(const std::string& id, const progress_event& event) override {
    core_.hub.publish(id, event);
  }
  void tell(const std::string& id, const log_event& event) override {
    core_.hub.publish(id, event);
  }
  void tell(const std::string& id, const question_event& event) override {
    core_.hub.publish(id, event);
  }
  void tell(const std::string& id, const close_event& event) override {
    core_.hub.publish(id, event);
  }
  hub::subscription follow(const std::string& id, const std::shared_ptr<follower>& who) override {
    return core_.hub.follow(id, who);
  }
  void note_report(std::shared_ptr<running_task> run) override { reporter_.note(std::move(run)); }
  std::size_t max_checkpoint() const noexcept override {
    return core_.options.limits.max_checkpoint;
  }
  tasks::slots& slots() noexcept override { return core_.slots; }
  tasks::pauses& pauses() noexcept override { return core_.pauses; }
  const work_observers& observers() const noexcept override { return core_.options.observers; }
  void slot_was_left() override { claimer_.claim_soon(); }
  bool ended_at_once(const std::shared_ptr<running_task>& run,
                     const handler_result& result) override;
  boost::asio::awaitable<void> ended(std::shared_ptr<running_task> run) override;
  void end_later(const std::shared_ptr<running_task>& run) noexcept override;

  /// Ends that were left to the tick: tries again, and forgets the tasks whose end is written now.
  boost::asio::awaitable<void> write_late_ends();

 private:
  /// Null: it cannot be had.
  std::shared_ptr<running_task> make_run(lane& home, const task_ptr& task,
                                         const tool_ptr& tool) noexcept;
  /// False: it cannot be launched.
  bool launch(const std::shared_ptr<running_task>& run,
              const boost::asio::any_io_executor& caller) noexcept;
  boost::asio::awaitable<void> hand_back_unstarted(lane& home, task_ptr task,
                                                   std::string_view message);
  /// False: it has to be tried again.
  boost::asio::awaitable<bool> write_end(const std::shared_ptr<running_task>& run);
  /// If others ended it: its key is free for the next.
  static boost::asio::awaitable<void> leave(const running_task& run);
  boost::asio::awaitable<void> write_last_report(const std::shared_ptr<running_task>& run);
  void release_slot(running_task& run);
  void let_go(const std::shared_ptr<running_task>& run);

  engine_core& core_;
  launcher& launcher_;
  reporter& reporter_;
  claimer& claimer_;
};

}  // namespace longhaul::tasks
