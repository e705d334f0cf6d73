// SPDX-License-Identifier: Apache-2.0
// The outlet of one exchange: takes messages on any thread, under its lock, and posts one flush to
// the connection's. Holds at most `stream_buffer` bytes of news back for a slow reader.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "transport/stream.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

class http_connection;

class http_outlet final : public wire::outlet, public std::enable_shared_from_this<http_outlet> {
 public:
  explicit http_outlet(std::shared_ptr<http_connection> connection);

  bool send(std::string message) override;
  bool send_event(wire::stream_event event, wire::urgency how) override;
  void end_stream() override;
  void expect_wait() override;
  void only_reply() override;
  void on_gone(std::function<void()> callback) override;

  // The connection's side, on its thread.
  std::vector<wire::stream_event> take();
  /// The exchange has ended: nothing is taken any more, nobody is told; the connection is
  /// forgotten.
  void close();
  /// The client left: nothing is taken any more; the callback is called, now or when it is set.
  void gone();

 private:
  void call_gone();
  std::shared_ptr<http_connection> still_open();

  const std::size_t bound_;
  const loop_executor executor_;
  std::function<void()> gone_;  // the connection's thread only, as the next two
  bool left_ = false, closed_ = false;
  guarded_mutex mutex_;
  std::shared_ptr<http_connection> connection_ LONGHAUL_GUARDED_BY(mutex_);  // null once closed
  std::vector<wire::stream_event> queue_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t queued_bytes_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  bool flush_posted_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace longhaul::transport
