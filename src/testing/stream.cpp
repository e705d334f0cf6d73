// SPDX-License-Identifier: Apache-2.0
#include "testing/stream.hpp"

#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "testing/tap.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {

bool stream::put(event one) {
  {
    const guard lock(mutex_);
    if (gone_ || closed_) return false;
    if (!one.reply && events_.size() >= tunables::stream_messages) return false;
    events_.push_back(std::move(one));
  }
  bell_.ring();
  return true;
}

void stream::tell_tap(std::string_view session, std::string_view text) const {
  if (tap* const reader = the_tap) reader->received(exchange_, session, text);
}

bool stream::send(std::string message) {
  tell_tap({}, message);
  return put({std::move(message)});
}

bool stream::send_event(wire::stream_event event, wire::urgency) {
  const bool bare = !event.data;
  if (!bare) tell_tap({}, *event.data);
  {
    const guard lock(mutex_);
    if (gone_ || closed_) return false;
    if (bare && (!ids_ || event.id.empty())) return true;  // a comment, or nothing to show
  }
  return put({bare ? std::string() : *event.data, std::move(event.id), event.retry});
}

void stream::end_stream() {
  {
    const guard lock(mutex_);
    closed_ = true;
  }
  bell_.ring();
}

void stream::expect_wait() {
  {
    const guard lock(mutex_);
    waiting_ = true;
  }
  bell_.ring();
}

void stream::on_gone(std::function<void()> callback) {
  const guard lock(mutex_);
  gone_callback_ = std::move(callback);
}

void stream::finish(wire::http_reply reply) {
  tell_tap(reply.session_id, reply.body);
  {
    const guard lock(mutex_);
    finished_ = true;
    if (!closed_) {  // of one who left too: a test may want to see it
      event last{reply.body, reply.event_id};
      last.reply = std::move(reply);
      events_.push_back(std::move(last));
    }
  }
  bell_.ring();
}

void stream::show_ids() {
  const guard lock(mutex_);
  ids_ = true;
}

std::optional<event> stream::next() {
  const guard lock(mutex_);
  if (events_.empty()) return std::nullopt;
  event first = std::move(events_.front());
  events_.pop_front();
  return first;
}

void stream::put_back(event first) {
  const guard lock(mutex_);
  events_.push_front(std::move(first));
}

std::size_t stream::unread() const {
  const guard lock(mutex_);
  return events_.size();
}

bool stream::finished() const {
  const guard lock(mutex_);
  return finished_;
}

bool stream::closed() const {
  const guard lock(mutex_);
  return closed_ || finished_;
}

bool stream::waiting() const {
  const guard lock(mutex_);
  return waiting_;
}

void stream::leave() {
  std::function<void()> callback;
  {
    const guard lock(mutex_);
    gone_ = true;
    callback = std::exchange(gone_callback_, nullptr);
  }
  if (!callback) return;
  std::promise<void> told;
  boost::asio::post(context_, [&] {
    callback();
    told.set_value();
  });
  told.get_future().wait();
}

}  // namespace longhaul::testkit
