// SPDX-License-Identifier: Apache-2.0
#include "tasks/direct_run.hpp"

#include <exception>
#include <utility>

#include "tasks/failure.hpp"
#include "tasks/outcomes.hpp"

namespace longhaul::tasks {

direct_run::direct_run(direct_host& host, task_ptr begun, tool_ptr tool,
                       std::shared_ptr<stopper> stopping, boost::asio::io_context* handlers,
                       std::weak_ptr<follower> caller, bool slot)
    : handler_run(std::move(tool), std::move(stopping), handlers),
      host_(host),
      begun_(begun),
      origin_(begun->origin),
      caller_(std::move(caller)),
      slot_(slot),
      reports_({}),
      task_(std::move(begun)) {}

task_ptr direct_run::now() const {
  const guard lock(mutex_);
  return task_;
}

std::shared_ptr<running_task> direct_run::row_or_null() const {
  const guard lock(mutex_);
  return row_;
}

template <class Change>
stores::change_code direct_run::apply(author changer, Change change) {
  task_ptr next;
  {
    const guard lock(mutex_);
    if (row_ || (becoming_ && changer == author::tick)) {
      return stores::change_code::superseded;
    }
    stores::step step = change(*task_);
    if (step.code != stores::change_code::applied) return step.code;
    task_ = std::move(step.next);
    next = task_;
  }
  if (next->terminal() && changer != author::handler) request_stop();
  tell(next);
  return stores::change_code::applied;
}

// What a caller does with it is no reason to lose the run.
void direct_run::tell(const task_ptr& changed) const noexcept {
  try {
    host_.changed(*changed);
    if (!tells_) return;
    if (const auto caller = caller_.lock()) caller->on_task(changed);
  } catch (...) {
    host_.trouble(text_of(std::current_exception()), id());
  }
}

task_ptr direct_run::tell_from_now() {
  tells_ = true;  // before the state is read: what comes later is told
  return now();
}

// --- the handler's side

void direct_run::progress(double done, std::optional<double> total, std::string_view message) {
  if (const auto row = row_or_null()) return row->progress(done, total, message);
  auto event = reports_.progress(done, total, message);
  if (!event) return;
  event->epoch = begun_->epoch;
  if (const auto caller = caller_.lock()) caller->on_progress(id(), *event);
}

void direct_run::status(std::string_view message) {
  if (const auto row = row_or_null()) return row->status(message);
  reports_.status(message);
}

void direct_run::log(log_level level, std::string_view message) {
  if (const auto row = row_or_null()) return row->log(level, message);
  if (const auto caller = caller_.lock()) {
    caller->on_log(id(), log_event{level, std::string(message)});
  }
}

// Without a row nothing was asked.
void direct_run::url_done(std::string_view key) {
  if (const auto row = row_or_null()) row->url_done(key);
}

void direct_run::close_stream(std::chrono::milliseconds retry) {
  if (const auto row = row_or_null()) return row->close_stream(retry);
  if (const auto caller = caller_.lock()) caller->on_close(id(), close_event{retry});
}

raw_json direct_run::saved_checkpoint() const {
  const auto row = row_or_null();
  return row ? row->saved_checkpoint() : reports_.checkpoint();
}

void direct_run::save_checkpoint_bytes(raw_json value) {
  if (const auto row = row_or_null()) return row->save_checkpoint_bytes(std::move(value));
  throw_if_cancelled();
  reports_.checkpoint(std::move(value), host_.limits().max_checkpoint);
}

boost::asio::awaitable<std::shared_ptr<running_task>> direct_run::need_row() {
  auto row = row_or_null();
  if (!row) row = co_await host_.make_row(shared_from_this());
  if (!row) throw task_stopped();
  co_return row;
}

boost::asio::awaitable<std::vector<question_reply>> direct_run::put_questions(
    std::vector<stores::question> questions) {
  if (!row_or_null()) {
    const task_ptr before = now();  // what was settled before it began needs no row
    if (were_asked(*before, questions)) co_return answers_of(*before, questions);
  }
  const auto row = co_await need_row();
  co_return co_await row->put_questions(std::move(questions));
}

// --- its end

bool direct_run::end_at_once(handler_result& result) {
  if (row_or_null()) return false;
  finish(std::move(result));
  return true;
}

// It has a row, or it would have ended at once.
boost::asio::awaitable<void> direct_run::end(handler_result result) {
  return row_or_null()->end(std::move(result));
}

void direct_run::end_here(handler_result result) {
  if (!end_at_once(result)) row_or_null()->end_here(std::move(result));
}

void direct_run::end_later() noexcept {
  if (const auto row = row_or_null()) row->end_later();
}

// Whatever happens, its host hears that it has returned.
class direct_run::departure {
 public:
  explicit departure(direct_run& run) : run_(run) {}
  departure(const departure&) = delete;
  departure& operator=(const departure&) = delete;
  ~departure() { run_.host_.ended(run_.shared_from_this()); }

 private:
  direct_run& run_;
};

// Stopped, and without an end of its own: that is written, unless the engine itself stops.
outcome direct_run::end_of(handler_result result) const {
  if (result) return bounded(*std::move(result), host_.limits().max_result);
  return stop_requested() ? lost(executor_lost_message) : no_result();
}

void direct_run::finish(handler_result result) {
  const departure leaving(*this);
  try {
    const outcome end = end_of(std::move(result));
    const std::string message = message_of(end);
    apply(author::handler, [&](const task_record& task) {
      return stores::finished(task, {task.epoch, {}}, end, message, host_.now());
    });
  } catch (...) {
    host_.trouble(text_of(std::current_exception()), id());
    lose(executor_lost_message);
  }
}

std::optional<stores::change_result> direct_run::cancel(std::string_view reason) {
  const auto code = apply(author::outside, [&](const task_record& task) {
    return stores::cancelled(task, reason, stores::visibility::hidden_too, host_.now());
  });
  if (code == stores::change_code::superseded) return std::nullopt;
  return stores::change_result{code, now()};
}

void direct_run::lose(std::string_view reason) {
  const outcome end = lost(reason);
  apply(author::outside, [&](const task_record& task) {
    return stores::finished(task, {task.epoch, {}}, end, reason, host_.now());
  });
}

void direct_run::abandon() {
  stopping()->abandon();
  tells_ = false;
  lose(executor_lost_message);
}

void direct_run::look_at(stores::instant now) {
  apply(author::tick, [&](const task_record& task) {
    const auto change = reports_.take();
    if (!change) return stores::step{stores::change_code::unchanged, nullptr};
    return stores::reported(task, {task.epoch, {}}, *change, now);
  });
  apply(author::tick, [&](const task_record& task) { return stores::timed_out(task, now); });
}

// --- its row

stores::new_task direct_run::begin_row() {
  stores::new_task row;
  {
    const guard lock(mutex_);
    becoming_ = true;
    row.begun = task_;
  }
  row.origin = origin_;
  row.retention = row.begun->retention;
  row.hidden = row.begun->hidden;
  row.claim_for = row.begun->process;
  return row;
}

void direct_run::stay() {
  const guard lock(mutex_);
  becoming_ = false;
}

bool direct_run::become(std::shared_ptr<running_task> row) {
  const guard lock(mutex_);
  if (task_->terminal()) return false;
  row_ = std::move(row);
  return true;
}

}  // namespace longhaul::tasks
