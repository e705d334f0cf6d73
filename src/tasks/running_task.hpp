// SPDX-License-Identifier: Apache-2.0
// A task whose handler runs here: the context its handler sees, and what the engine keeps of it
// until the handler has returned and the end is written.
//
//            begin ──► begun ──► the handler runs ──► begin_end ──► its end is written
//   fresh ──┤
//            leave_unstarted ──► left: it is handed back, its handler never runs
//
// Threads: the handler's own calls; the engine's side on any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock_arithmetic.hpp"
#include "base/mutex.hpp"
#include "longhaul/stores/transitions.hpp"
#include "tasks/handler_run.hpp"
#include "tasks/lanes.hpp"
#include "tasks/report_buffer.hpp"
#include "tasks/task_host.hpp"

namespace longhaul::tasks {

class waiter;

class running_task final : public handler_run, public std::enable_shared_from_this<running_task> {
 public:
  running_task(task_host& host, lane& home, task_ptr claimed, tool_ptr tool,
               std::shared_ptr<stopper> stopping, boost::asio::io_context* handlers);
  /// The same for a run that began without a row: `reported` is what it said so far.
  running_task(task_host& host, lane& home, task_ptr claimed, const handler_run& begun,
               report_buffer::content reported, bool slot);

  // --- task_context
  const std::string& id() const noexcept override { return claimed_->id(); }
  caller_info caller() const override { return {claimed_->owner()}; }
  std::uint32_t attempt() const noexcept override { return claimed_->attempt; }
  const std::string& completion_token() const noexcept override { return claimed_->origin->token; }
  void progress(double done, std::optional<double> total, std::string_view message) override;
  void status(std::string_view message) override;
  void log(log_level level, std::string_view message) override;
  void url_done(std::string_view key) override;
  void close_stream(std::chrono::milliseconds retry) override;
  void alive() override {
    if (begun_as().stall_limit) last_sign_ = store().now().mono;
  }
  raw_json saved_checkpoint() const override { return reports_.checkpoint(); }
  void save_checkpoint_bytes(raw_json value) override;

  // --- handler_run
  const task_origin& begun_as() const noexcept override { return *claimed_->origin; }
  bool end_at_once(handler_result& result) override;
  boost::asio::awaitable<void> end(handler_result result) override;
  void end_here(handler_result result) override;
  void end_later() noexcept override;
  boost::asio::awaitable<std::vector<question_reply>> put_questions(
      std::vector<stores::question> questions) override;
  tasks::pauses& pauses() const noexcept override { return host_.pauses(); }
  const task_record& begun() const noexcept override { return *claimed_; }
  milliseconds waited() const override { return elapsed(claimed_->run_at, store().now().mono); }
  const work_observers& observers() const noexcept override { return host_.observers(); }

  // --- the engine's side
  const task_ptr& claimed() const noexcept { return claimed_; }
  lane& home() const noexcept { return home_; }
  stores::store& store() const noexcept { return *home_.store; }
  stores::writer writer() const noexcept {
    return {claimed_->epoch, claimed_->origin->token, stage_of_handler()};
  }
  bool external() const noexcept { return claimed_->origin->external; }

  /// Either its handler begins, or it is left to be handed back: who comes first decides.
  /// False: it was left.
  bool begin() noexcept { return settle(phase::begun) == phase::begun; }
  /// True: its handler has not begun, and will not.
  bool leave_unstarted() noexcept { return settle(phase::left) == phase::left; }
  /// From now on a terminal state in the store is our own doing, no reason to stop.
  void begin_end() noexcept { ending_ = true; }
  bool ending() const noexcept { return ending_; }
  /// How its handler ended, once it has returned: kept until that is written. One at a time.
  handler_result& result() noexcept { return result_; }
  /// Its end could not be written: a tick does.
  void leave_end_to_tick() noexcept { end_is_late_ = true; }
  bool end_is_late() const noexcept { return end_is_late_; }
  /// Others have ended its task, or taken it, while its handler ran: it has nothing to write there.
  void lose() noexcept { lost_ = true; }
  bool lost() const noexcept { return lost_; }
  /// Its handler has told its question, and waits for the answer.
  bool waits_for_answers() const noexcept { return waiting_ > 0; }

  /// It has given no sign of life for as long as it may; null: it has, or need not.
  std::optional<milliseconds> stalled(monotonic_time now) const noexcept;

  report_buffer& reports() noexcept { return reports_; }
  void has_news();
  monotonic_time last_report{};  ///< for whoever writes reports, one at a time

  // --- its slot
  tool_use use() const noexcept { return use_of(tool(), begun_as()); }
  const std::string& quota() const noexcept { return claimed_->origin->quota; }
  std::atomic<bool> holds_slot;
  std::atomic<bool> runs_beyond;  ///< the slots, as a handler that hands its work over
  /// Questions side by side wait for one slot together: whoever got it wakes the others.
  void await_slot(const std::shared_ptr<waiter>& hears);
  void slot_came_back();

 private:
  bool may_retry() const noexcept override { return stores::attempts_left(*claimed_); }
  class answer_wait;
  class asking_time;
  enum class phase : std::uint8_t { fresh, begun, left };
  stores::writer::stage stage_of_handler() const noexcept {
    if (phase_ != phase::begun) return stores::writer::stage::not_begun;
    return returned_ ? stores::writer::stage::returned : stores::writer::stage::at_work;
  }
  phase settle(phase wanted) noexcept {
    phase now = phase::fresh;
    return phase_.compare_exchange_strong(now, wanted) ? wanted : now;
  }
  boost::asio::awaitable<task_ptr> store_questions(const std::vector<stores::question>& questions);
  boost::asio::awaitable<task_ptr> wait_for_answers(task_ptr asked,
                                                    const std::vector<stores::question>& questions);
  boost::asio::awaitable<task_ptr> look();

  task_host& host_;
  lane& home_;
  const task_ptr claimed_;
  const bool uses_slots_;  // else it runs beyond them, and has none to leave
  report_buffer reports_;
  handler_result result_;
  std::atomic<bool> ending_{false}, end_is_late_{false}, lost_{false}, returned_{false};
  std::atomic<int> waiting_{0};  // for answers, side by side
  std::atomic<int> asking_{0};   // questions that are not answered, or whose slot is not back
  std::atomic<monotonic_time> last_sign_;
  std::atomic<phase> phase_{phase::fresh};
  guarded_mutex mutex_;
  std::vector<std::weak_ptr<waiter>> await_slot_ LONGHAUL_GUARDED_BY(mutex_);
};

}  // namespace longhaul::tasks
