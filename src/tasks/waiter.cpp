// SPDX-License-Identifier: Apache-2.0
#include "tasks/waiter.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace longhaul::tasks {

waiter::waiter(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}

void waiter::on_task(const task_ptr& task) {
  const guard lock(mutex_);
  if (newest_ && task->rev <= newest_->rev) return;
  newest_ = task;
  signal();
}

void waiter::wake() {
  const guard lock(mutex_);
  signal();
}

void waiter::signal() {
  if (news_ || !timer_) return;  // the consumer looks anyway, or has gone
  news_ = true;
  // Nothing may complete on the producer's thread while it holds our lock.
  boost::asio::post(timer_->get_executor(), [self = shared_from_this()] {
    const guard relock(self->mutex_);
    if (self->timer_) self->timer_->cancel();
  });
}

boost::asio::awaitable<task_ptr> waiter::next(clock::time_point deadline) {
  while (true) {
    {
      const guard lock(mutex_);
      if (news_ || clock::now() >= deadline) {
        news_ = false;
        co_return newest_;
      }
    }
    co_await suspend_until(deadline);
  }
}

// Begins to wait under the lock: news that came since the look must not find nobody waiting.
boost::asio::awaitable<void> waiter::suspend_until(clock::time_point deadline) {
  boost::system::error_code ignored;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
  auto wait = boost::asio::async_initiate<decltype(token), void(boost::system::error_code)>(
      [this, deadline](auto handler) {
        const guard lock(mutex_);
        timer_->expires_at(news_ ? clock::time_point::min() : deadline);
        timer_->async_wait(std::move(handler));
      },
      token);
  co_await std::move(wait);
}

void waiter::close() {
  const guard lock(mutex_);
  timer_.reset();
}

}  // namespace longhaul::tasks
