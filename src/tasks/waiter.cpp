// SPDX-License-Identifier: Apache-2.0
#include "tasks/waiter.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace longhaul::tasks {

waiter::waiter(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}

void waiter::on_task(const task_ptr& task) {
  const std::lock_guard lock(mutex_);
  if (newest_ && task->rev <= newest_->rev) return;
  newest_ = task;
  signal();
}

void waiter::wake() {
  const std::lock_guard lock(mutex_);
  signal();
}

void waiter::signal() {
  if (news_ || !timer_) return;  // the consumer looks anyway, or has gone
  news_ = true;
  // The timer belongs to the consumer's executor: only code there touches it.
  boost::asio::post(timer_->get_executor(), [self = shared_from_this()] {
    if (self->timer_) self->timer_->cancel();
  });
}

boost::asio::awaitable<task_ptr> waiter::next(clock::time_point deadline) {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (news_ || clock::now() >= deadline) {
        news_ = false;
        co_return newest_;
      }
    }
    timer_->expires_at(deadline);
    boost::system::error_code ignored;
    co_await timer_->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

void waiter::close() {
  const std::lock_guard lock(mutex_);
  timer_.reset();
}

}  // namespace longhaul::tasks
