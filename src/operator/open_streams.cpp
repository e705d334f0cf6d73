// SPDX-License-Identifier: Apache-2.0
#include "operator/open_streams.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace longhaul::operating {

namespace asio = boost::asio;

void open_streams::close() {
  const guard lock(mutex_);
  closed_ = true;
  for (stream_wait* const one : open_) {
    // It may be gone by then: whoever ends is taken out first, and says so on its executor.
    asio::post(one->timer_->get_executor(), [one, alive = one->alive_] {
      if (*alive) one->end();
    });
  }
}

bool open_streams::closed() const {
  const guard lock(mutex_);
  return closed_;
}

stream_wait::stream_wait(open_streams& all, wire::outlet& out, const asio::any_io_executor& here)
    : all_(all), out_(out), timer_(std::make_shared<asio::steady_timer>(here)) {
  out_.on_gone([this] { end(); });
  const guard lock(all_.mutex_);
  over_ = all_.closed_;
  all_.open_.insert(this);
}

stream_wait::~stream_wait() {
  *alive_ = false;
  out_.on_gone({});
  const guard lock(all_.mutex_);
  all_.open_.erase(this);
}

void stream_wait::end() {
  over_ = true;
  timer_->cancel();
}

wire::awaitable<bool> stream_wait::pause(std::chrono::milliseconds length) {
  if (over_) co_return false;
  timer_->expires_after(length);
  boost::system::error_code ignored;
  auto waiting = timer_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_await std::move(waiting);
  co_return !over_;
}

}  // namespace longhaul::operating
