// SPDX-License-Identifier: Apache-2.0
#include "tasks/stopper.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>

namespace longhaul::tasks {

void stopper::request() {
  if (requested_.exchange(true)) return;
  // User callbacks run in there: never on the caller's thread, which may be a transport's.
  if (pool_ != nullptr) {
    pool_->submit([self = shared_from_this()] { self->source_.request_stop(); });
    return;
  }
  // The token first: whoever is woken by the cancellation finds out why.
  boost::asio::post(executor_, [self = shared_from_this()] {
    self->source_.request_stop();
    self->cancellation_.emit(boost::asio::cancellation_type::terminal);
  });
}

}  // namespace longhaul::tasks
