// SPDX-License-Identifier: Apache-2.0
#include "transport/http_outlet.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "transport/http_connection.hpp"

namespace longhaul::transport {

namespace asio = boost::asio;

http_outlet::http_outlet(std::shared_ptr<http_connection> connection)
    : bound_(connection->options().stream_buffer),
      executor_(connection->executor()),
      connection_(std::move(connection)) {}

bool http_outlet::send(std::string message) {
  wire::stream_event event;
  event.data = std::make_shared<const std::string>(std::move(message));
  return send_event(std::move(event), wire::urgency::news);
}

bool http_outlet::send_event(wire::stream_event event, wire::urgency how) {
  const std::size_t size = event.data ? event.data->size() : 0;
  const guard lock(mutex_);
  if (!connection_) return false;
  if (how == wire::urgency::news && queued_bytes_ + size > bound_) return false;
  queued_bytes_ += size;
  queue_.push_back(std::move(event));
  if (!std::exchange(flush_posted_, true)) {
    asio::post(executor_,
               [self = shared_from_this(), connection = connection_] { connection->flush(*self); });
  }
  return true;
}

// From now on nothing is taken; what waits is sent before the end.
void http_outlet::end_stream() {
  const guard lock(mutex_);
  if (!connection_) return;
  asio::post(executor_, [self = shared_from_this(), connection = std::move(connection_)] {
    connection->end_stream(*self);
  });
  connection_.reset();
}

std::vector<wire::stream_event> http_outlet::take() {
  const guard lock(mutex_);
  flush_posted_ = false;
  queued_bytes_ = 0;
  return std::exchange(queue_, {});
}

void http_outlet::close() {
  gone_ = nullptr;
  closed_ = true;
  const guard lock(mutex_);
  connection_.reset();
}

// Null once closed.
std::shared_ptr<http_connection> http_outlet::still_open() {
  const guard lock(mutex_);
  return connection_;
}

void http_outlet::expect_wait() {
  if (const auto connection = still_open()) connection->expect_wait();
}

void http_outlet::only_reply() {
  if (const auto connection = still_open()) connection->only_reply();
}

void http_outlet::on_gone(std::function<void()> callback) {
  gone_ = closed_ ? nullptr : std::move(callback);
  if (!gone_ || !left_) return;
  asio::post(executor_, [self = shared_from_this()] { self->call_gone(); });  // it came too late
}

void http_outlet::gone() {
  left_ = true;
  {
    const guard lock(mutex_);
    connection_.reset();
    queue_.clear();
  }
  call_gone();
}

void http_outlet::call_gone() {
  if (auto callback = std::exchange(gone_, nullptr)) callback();
}

}  // namespace longhaul::transport
