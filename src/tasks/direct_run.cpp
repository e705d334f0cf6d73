// SPDX-License-Identifier: Apache-2.0
#include "tasks/direct_run.hpp"

#include <utility>

#include "tasks/outcomes.hpp"
#include "tasks/sync.hpp"

namespace longhaul::tasks {

direct_run::direct_run(direct_host& host, task_ptr begun, tool_ptr tool,
                       std::shared_ptr<stopper> stopping, boost::asio::io_context* handlers,
                       std::weak_ptr<follower> caller, bool slot)
    : handler_run(std::move(tool), std::move(stopping), handlers),
      host_(host),
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
stores::change_code direct_run::apply(when allowed, Change change) {
  task_ptr next;
  {
    const guard lock(mutex_);
    if (row_ || (becoming_ && allowed == when::unless_becoming)) {
      return stores::change_code::superseded;
    }
    stores::step step = change(*task_);
    if (step.code != stores::change_code::applied) return step.code;
    task_ = std::move(step.next);
    next = task_;
  }
  host_.changed(*next);
  if (!tells_) return stores::change_code::applied;
  if (const auto caller = caller_.lock()) caller->on_task(next);
  return stores::change_code::applied;
}

// --- the handler's side

void direct_run::progress(double done, std::optional<double> total, std::string_view message) {
  if (const auto row = row_or_null()) return row->progress(done, total, message);
  const auto event = reports_.progress(done, total, message);
  if (!event) return;
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

answer direct_run::ask(std::string_view key, const elicitation& question) {
  return sync(need_row())->ask(key, question);
}

std::vector<answer> direct_run::ask_all(const named_questions& questions) {
  return sync(need_row())->ask_all(questions);
}

boost::asio::awaitable<answer> direct_run::async_ask(std::string key, elicitation question) {
  const auto row = co_await need_row();
  co_return co_await row->async_ask(std::move(key), std::move(question));
}

boost::asio::awaitable<std::vector<answer>> direct_run::async_ask_all(named_questions questions) {
  const auto row = co_await need_row();
  co_return co_await row->async_ask_all(std::move(questions));
}

// --- its end

boost::asio::awaitable<void> direct_run::end(handler_result result) {
  if (const auto row = row_or_null()) co_return co_await row->end(std::move(result));
  finish(std::move(result));
}

void direct_run::end_here(handler_result result) {
  if (const auto row = row_or_null()) return row->end_here(std::move(result));
  finish(std::move(result));
}

void direct_run::finish(handler_result result) {
  if (!result && !stop_requested()) result = no_result();
  if (result && !stop_requested()) {
    const outcome end = bounded(*std::move(result), host_.limits().max_result);
    const std::string message = message_of(end);
    apply(when::always, [&](const task_record& task) {
      return stores::finished(task, {task.epoch, {}}, end, message, host_.now());
    });
  }
  host_.ended(shared_from_this());
}

std::optional<stores::change_result> direct_run::cancel(std::string_view reason) {
  const auto code = apply(when::always, [&](const task_record& task) {
    return stores::cancelled(task, reason, stores::visibility::hidden_too, host_.now());
  });
  if (code == stores::change_code::superseded) return std::nullopt;
  if (code == stores::change_code::applied) request_stop();
  return stores::change_result{code, now()};
}

void direct_run::lose(std::string_view reason) {
  const outcome end = lost(reason);
  const auto code = apply(when::always, [&](const task_record& task) {
    return stores::finished(task, {task.epoch, {}}, end, reason, host_.now());
  });
  if (code == stores::change_code::applied) request_stop();
}

void direct_run::look_at(stores::instant now) {
  if (const auto change = reports_.take()) {
    const auto code = apply(when::unless_becoming, [&](const task_record& task) {
      return stores::reported(task, {task.epoch, {}}, *change, now);
    });
    if (code == stores::change_code::superseded) reports_.put_back(*change);
  }
  const auto code = apply(when::unless_becoming,
                          [&](const task_record& task) { return stores::timed_out(task, now); });
  if (code == stores::change_code::applied) request_stop();
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
