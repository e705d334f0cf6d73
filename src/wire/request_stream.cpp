// SPDX-License-Identifier: Apache-2.0
#include "wire/request_stream.hpp"

#include <utility>

namespace longhaul::wire {

void request_stream::watch() {
  to_->on_gone([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    if (self->number_ != 0) return self->client_->streams().left(self->number_, self->to_.get());
    if (const auto gone = std::exchange(self->gone_, nullptr)) gone();
  });
}

stream_number request_stream::begun() {
  if (number_ == 0) number_ = client_->streams().begin(to_);
  return number_;
}

bool request_stream::send(std::string message) {
  return client_->streams().send(begun(), std::move(message));
}

void request_stream::expect_wait() {
  if (client_->look().primed_streams && takes_stream_) begun();
  to_->expect_wait();
}

void request_stream::only_reply() {
  takes_stream_ = false;
  to_->only_reply();
}

bool request_stream::ask(put_question question, const serving::exchange_ptr& wait) {
  return client_->streams().ask(begun(), std::move(question), wait);
}

void request_stream::close(milliseconds retry) {
  if (number_ != 0) client_->streams().leave_early(number_, retry);
}

void request_stream::end(http_reply& reply) {
  if (number_ == 0) return;
  reply.event_id = client_->streams().end(number_, reply.body, to_.get());
}

}  // namespace longhaul::wire
