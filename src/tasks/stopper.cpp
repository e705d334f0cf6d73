// SPDX-License-Identifier: Apache-2.0
#include "tasks/stopper.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>

namespace longhaul::tasks {

// Either whoever raises it finds it made, or whoever makes it finds it raised.
std::stop_token stopper::token() {
  if (!made_) {
    const guard lock(mutex_);
    if (!made_) {
      source_ = std::stop_source();
      if (raised_) source_.request_stop();  // nobody has it yet, so nothing is called
      made_ = true;
    }
  }
  return source_.get_token();
}

void stopper::raise() {
  {
    const guard lock(mutex_);
    raised_ = true;
    if (!made_) return;
  }
  source_.request_stop();
}

void stopper::request() {
  if (requested_.exchange(true)) return;
  // User callbacks run in there: never on the caller's thread, which may be a transport's.
  if (pool_ != nullptr) {
    pool_->submit([self = shared_from_this()] { self->raise(); });
    return;
  }
  // The token first: whoever is woken by the cancellation finds out why.
  boost::asio::post(executor_, [self = shared_from_this()] {
    self->raise();
    self->cancellation_.emit(boost::asio::cancellation_type::terminal);
  });
}

}  // namespace longhaul::tasks
