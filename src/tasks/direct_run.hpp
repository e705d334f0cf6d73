// SPDX-License-Identifier: Apache-2.0
// A plain call of a tool that never makes tasks, while it has no row: the run itself keeps the
// state that a store would keep, changes it by the same rules (`stores/transitions.hpp`), and tells
// its caller of every change.
//
//   working ──► the handler returned ──► completed | failed ┐ told once; the handler is stopped,
//    │ ▲  └───► cancel, a limit, a drain ──► the same ends ─┤ and what it does afterwards is
//    │ │                                                    ┘ ignored
//    │ └──── stay ─────┐ (the row could not be made)        ▲
//    │                 │                                    │
//    └─ it asks ──► becoming ──► an end, whoever brings it ─┘
//                      │
//                    become ──► it has a row, in the lane in memory: from now on it is a task like
//                               any other (`running_task`), under the same id, and all calls of
//                               this object go there
//
// Invariants: it ends once, or becomes a row once, whichever comes first (beneath the lock). While
// it is becoming a row it changes by its end only. Whatever fails, it ends, and its host hears that
// its handler has returned.
//
// Threads: the handler's own calls; the engine's side on any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.hpp"
#include "longhaul/stores/transitions.hpp"
#include "tasks/follower.hpp"
#include "tasks/handler_run.hpp"
#include "tasks/report_buffer.hpp"
#include "tasks/running_task.hpp"

namespace longhaul::tasks {

class direct_run;

/// What a run without a row needs of whoever runs it.
class direct_host {
 public:
  virtual ~direct_host() = default;
  virtual stores::instant now() const = 0;
  virtual const byte_limits& limits() const noexcept = 0;
  virtual tasks::pauses& pauses() noexcept = 0;
  virtual const work_observers& observers() const noexcept = 0;
  /// Its task changed, and nobody was told yet.
  virtual void changed(const task_record& task) = 0;
  virtual void trouble(const std::string& text, const std::string& id) const noexcept = 0;
  /// Makes the row of a task that asks. Null: it has ended meanwhile.
  virtual boost::asio::awaitable<std::shared_ptr<running_task>> make_row(
      std::shared_ptr<direct_run> run) = 0;
  /// Its handler has returned.
  virtual void ended(const std::shared_ptr<direct_run>& run) noexcept = 0;
};

class direct_run final : public handler_run, public std::enable_shared_from_this<direct_run> {
 public:
  /// `caller` hears of it on any thread, and must not block. `begun`: its first state.
  direct_run(direct_host& host, task_ptr begun, tool_ptr tool, std::shared_ptr<stopper> stopping,
             boost::asio::io_context* handlers, std::weak_ptr<follower> caller, bool slot);

  // --- task_context
  const std::string& id() const noexcept override { return origin_->id; }
  caller_info caller() const override { return {origin_->owner}; }
  std::uint32_t attempt() const noexcept override { return 1; }
  const std::string& completion_token() const noexcept override { return origin_->token; }
  void progress(double done, std::optional<double> total, std::string_view message) override;
  void status(std::string_view message) override;
  void log(log_level level, std::string_view message) override;
  void url_done(std::string_view key) override;
  void close_stream(std::chrono::milliseconds retry) override;
  raw_json saved_checkpoint() const override;
  void save_checkpoint_bytes(raw_json value) override;

  // --- handler_run
  const task_origin& begun_as() const noexcept override { return *origin_; }
  bool end_at_once(handler_result& result) override;
  boost::asio::awaitable<void> end(handler_result result) override;
  void end_here(handler_result result) override;
  void end_later() noexcept override;
  boost::asio::awaitable<std::vector<question_reply>> put_questions(
      std::vector<stores::question> questions) override;
  tasks::pauses& pauses() const noexcept override { return host_.pauses(); }
  const task_record& begun() const noexcept override { return *begun_; }
  milliseconds waited() const override { return milliseconds(0); }
  const work_observers& observers() const noexcept override { return host_.observers(); }

  // --- the engine's side
  const std::shared_ptr<const task_origin>& origin() const noexcept { return origin_; }
  std::weak_ptr<follower> told() const { return caller_; }
  bool holds_slot() const noexcept { return slot_; }
  task_ptr now() const;
  /// Its caller is given the state as it is, and is told of those that follow.
  task_ptr tell_from_now();
  /// Its executor is gone: it ends as lost, and nobody is told there.
  void abandon();
  /// Null: it has none (yet).
  std::shared_ptr<running_task> row_or_null() const;
  /// Null: it has a row, where it is to be cancelled.
  std::optional<stores::change_result> cancel(std::string_view reason);
  /// Ends it as failed, "executor lost" for this reason.
  void lose(std::string_view reason);
  /// Applies what was reported, and a limit that has passed.
  void look_at(stores::instant now);

  /// What the row is made of. From now on the state changes by its end only, so that the revisions
  /// of the row are behind all that were told; until `become` or `stay`.
  stores::new_task begin_row();
  void stay();
  report_buffer::content reported() const { return reports_.all(); }
  /// From now on `row` is what it is. False: it has ended meanwhile.
  bool become(std::shared_ptr<running_task> row);

 private:
  boost::asio::awaitable<std::shared_ptr<running_task>> need_row();
  class departure;
  void finish(handler_result result);
  outcome end_of(handler_result result) const;
  /// Who changes it: the handler by its end, somebody who ends it, or a tick, which lets one alone
  /// that is becoming a row.
  enum class author : std::uint8_t { handler, outside, tick };
  /// Applies what `change` makes of the state, unless it has a row; stops the handler at an end
  /// that is not its own, and tells the caller.
  template <class Change>
  stores::change_code apply(author changer, Change change);
  void tell(const task_ptr& changed) const noexcept;

  direct_host& host_;
  const task_ptr begun_;
  const std::shared_ptr<const task_origin> origin_;
  const std::weak_ptr<follower> caller_;
  const bool slot_;
  std::atomic<bool> tells_{false};
  report_buffer reports_;
  mutable guarded_mutex mutex_;
  task_ptr task_ LONGHAUL_GUARDED_BY(mutex_);
  std::shared_ptr<running_task> row_ LONGHAUL_GUARDED_BY(mutex_);
  bool becoming_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::tasks
