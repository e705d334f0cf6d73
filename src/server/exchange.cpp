// SPDX-License-Identifier: Apache-2.0
#include "server/exchange.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tasks/tunables.hpp"

namespace longhaul::serving {
namespace {

constexpr std::size_t newest = tasks::tunables::exchange_events;

template <class T>
void push_bounded(std::vector<T>& events, const T& item) {
  if (events.size() == 2 * newest) events.erase(events.begin(), events.begin() + newest);
  events.push_back(item);
}

template <class T>
std::vector<T> take_newest(std::vector<T>& events) {
  if (events.size() > newest) events.erase(events.begin(), events.end() - newest);
  return std::exchange(events, {});
}

}  // namespace

exchange::exchange(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}

void exchange::on_task(const task_ptr& task) {
  const guard lock(mutex_);
  const auto same = [&](const task_ptr& known) { return known->id() == task->id(); };
  const auto found = std::find_if(tasks_.begin(), tasks_.end(), same);
  if (found == tasks_.end()) {
    tasks_.push_back(task);
  } else if ((*found)->rev < task->rev) {
    *found = task;
  } else {
    return;
  }
  signal();
}

void exchange::on_progress(const std::string&, const tasks::progress_event& event) {
  const guard lock(mutex_);
  push_bounded(progress_, event);
  signal();
}

void exchange::on_log(const std::string&, const tasks::log_event& event) {
  const guard lock(mutex_);
  push_bounded(logs_, event);
  signal();
}

void exchange::on_close(const std::string&, const tasks::close_event& event) {
  const guard lock(mutex_);
  close_ = event;
  signal();
}

void exchange::on_question(const std::string&, const tasks::question_event& event) {
  const guard lock(mutex_);
  push_bounded(questions_, event);
  signal();
}

void exchange::on_clock() {
  const guard lock(mutex_);
  clock_moved_ = true;
  signal();
}

void exchange::on_list_changed(list_kind kind) {
  const guard lock(mutex_);
  lists_changed_.at(static_cast<std::size_t>(kind)) = true;
  signal();
}

void exchange::on_resource_updated(const std::string& uri) {
  const guard lock(mutex_);
  if (std::ranges::find(updated_, uri) != updated_.end()) return;
  updated_.push_back(uri);
  signal();
}

void exchange::on_notice(const notice_ptr& notice) {
  const guard lock(mutex_);
  push_bounded(notices_, notice);
  signal();
}

void exchange::abandon() {
  const guard lock(mutex_);
  abandon_seen_ = abandon_seen_ && !lost_;  // it is news to whoever was only told of a loss
  abandoned_ = true;
  lost_ = false;
  signal();
}

void exchange::lose() {
  const guard lock(mutex_);
  lost_ = lost_ || !abandoned_;
  abandoned_ = true;
  signal();
}

void exchange::shut_down() {
  const guard lock(mutex_);
  stopping_ = true;
  signal();
}

void exchange::signal() {
  if (signalled_ || !timer_) return;  // the consumer looks anyway, or has gone
  signalled_ = true;
  // The timer belongs to the consumer's executor: only code there touches it.
  boost::asio::post(timer_->get_executor(), [self = shared_from_this()] {
    if (self->timer_) self->timer_->cancel();
  });
}

bool exchange::ready() const {
  return !tasks_.empty() || !progress_.empty() || !logs_.empty() || !questions_.empty() || close_ ||
         !updated_.empty() || !notices_.empty() ||
         std::ranges::find(lists_changed_, true) != lists_changed_.end() || clock_moved_ ||
         (abandoned_ && !abandon_seen_) || (stopping_ && !stopping_seen_);
}

bool exchange::has_news() const {
  const guard lock(mutex_);
  return ready();
}

boost::asio::awaitable<void> exchange::wait(clock::time_point deadline) {
  while (true) {
    {
      const guard lock(mutex_);
      signalled_ = false;
      if (ready() || !timer_ || clock::now() >= deadline) co_return;
    }
    timer_->expires_at(deadline);
    boost::system::error_code ignored;
    co_await timer_->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

exchange::batch exchange::take() {
  const guard lock(mutex_);
  batch result;
  result.tasks.swap(tasks_);
  result.progress = take_newest(progress_);
  result.logs = take_newest(logs_);
  result.questions = take_newest(questions_);
  result.close = std::exchange(close_, std::nullopt);
  clock_moved_ = false;
  result.lists_changed = std::exchange(lists_changed_, {});
  result.updated.swap(updated_);
  result.notices = take_newest(notices_);
  result.abandoned = abandon_seen_ = abandoned_;
  result.lost = lost_;
  result.shutting_down = stopping_seen_ = stopping_;
  return result;
}

void exchange::close() {
  const guard lock(mutex_);
  timer_.reset();
}

}  // namespace longhaul::serving
