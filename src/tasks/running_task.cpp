// SPDX-License-Identifier: Apache-2.0
#include "tasks/running_task.hpp"

#include <utility>

#include "tasks/sync.hpp"
#include "tasks/waiter.hpp"

namespace longhaul::tasks {

running_task::running_task(task_host& host, lane& home, task_ptr claimed, tool_ptr tool,
                           std::shared_ptr<stopper> stopping, boost::asio::io_context* handlers)
    : handler_run(std::move(tool), std::move(stopping), handlers),
      holds_slot(!claimed->origin->external),
      runs_beyond(claimed->origin->external),
      host_(host),
      home_(home),
      claimed_(std::move(claimed)),
      uses_slots_(true),
      reports_({claimed_->progress, claimed_->checkpoint, {}}),
      last_sign_(home_.store->now().mono) {}

running_task::running_task(task_host& host, lane& home, task_ptr claimed, const handler_run& begun,
                           report_buffer::content reported, bool slot)
    : handler_run(begun.shared_tool(), begun.stopping(), begun.handlers()),
      holds_slot(slot),
      runs_beyond(false),
      host_(host),
      home_(home),
      claimed_(std::move(claimed)),
      uses_slots_(slot),
      reports_(std::move(reported)),
      last_sign_(home_.store->now().mono),
      phase_(phase::begun) {}

std::optional<milliseconds> running_task::stalled(monotonic_time now) const noexcept {
  const auto limit = begun_as().stall_limit;
  if (!limit || asking_ > 0 || ending_ || stop_requested()) return std::nullopt;
  return elapsed(last_sign_.load(), now) >= *limit ? limit : std::nullopt;
}

void running_task::has_news() {
  alive();
  if (!reports_.begin_news()) return;
  try {
    host_.note_report(shared_from_this());
  } catch (...) {  // its next report, or its end, takes this one along
    reports_.forget_news();
    throw;
  }
}

void running_task::progress(double done, std::optional<double> total, std::string_view message) {
  auto event = reports_.progress(done, total, message);
  if (!event) return;
  event->epoch = claimed_->epoch;
  has_news();
  host_.tell(id(), *event);
}

void running_task::status(std::string_view message) {
  reports_.status(message);
  has_news();
}

void running_task::log(log_level level, std::string_view message) {
  alive();
  host_.tell(id(), log_event{level, std::string(message)});
}

void running_task::url_done(std::string_view key) {
  host_.tell(id(), question_event{std::string(key), 0, question_event::news::url_done});
}

void running_task::close_stream(std::chrono::milliseconds retry) {
  host_.tell(id(), close_event{retry});
}

void running_task::save_checkpoint_bytes(raw_json value) {
  throw_if_cancelled();
  reports_.checkpoint(std::move(value), host_.max_checkpoint());
  has_news();
}

bool running_task::end_at_once(handler_result& result) {
  returned_ = true;
  return host_.ended_at_once(shared_from_this(), result);
}

boost::asio::awaitable<void> running_task::end(handler_result result) {
  returned_ = true;
  result_ = std::move(result);
  return host_.ended(shared_from_this());
}

void running_task::end_here(handler_result result) {
  if (!end_at_once(result)) sync(end(std::move(result)));
}

void running_task::end_later() noexcept {
  returned_ = true;
  host_.end_later(shared_from_this());
}

void running_task::await_slot(const std::shared_ptr<waiter>& hears) {
  const guard lock(mutex_);
  std::erase_if(await_slot_, [](const auto& one) { return one.expired(); });
  await_slot_.push_back(hears);
}

void running_task::slot_came_back() {
  std::vector<std::weak_ptr<waiter>> all;
  {
    const guard lock(mutex_);
    all.swap(await_slot_);
  }
  for (const auto& one : all) {
    if (const auto hears = one.lock()) hears->wake();
  }
}

}  // namespace longhaul::tasks
