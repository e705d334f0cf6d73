// SPDX-License-Identifier: Apache-2.0
// The outlet of a request of a session over HTTP: what is sent through it is an event of a stream
// that the client can take up again. The stream begins with the first message, or when the request
// is about to wait; a reply that comes before is plain JSON, and of no stream.
//
// The client leaving is no cancellation here: once there is a stream, whoever wants to hear of it
// does not; before (a client that takes no streams, or was told no id) it does.
//
// Threads: as outlets; the stream's beginning on the exchange's executor.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "wire/session.hpp"

namespace longhaul::wire {

class request_stream final : public outlet, public std::enable_shared_from_this<request_stream> {
 public:
  request_stream(std::shared_ptr<session> client, std::shared_ptr<outlet> to)
      : client_(std::move(client)), to_(std::move(to)) {}
  /// Hears of the client leaving from now on.
  void watch();

  bool send(std::string message) override;
  void expect_wait() override;
  void only_reply() override;
  void on_gone(std::function<void()> callback) override { gone_ = std::move(callback); }

  /// Asks the client something that belongs to this request, which waits with `wait`. False: not
  /// now.
  bool ask(put_question question, const serving::exchange_ptr& wait);
  /// Closes the connection if the client knows how to take the stream up.
  void close(milliseconds retry);
  /// Its number; 0: none has begun.
  stream_number number() const noexcept { return number_; }
  /// The request is answered: says which event its reply is.
  void end(http_reply& reply);

 private:
  stream_number begun();

  const std::shared_ptr<session> client_;
  const std::shared_ptr<outlet> to_;
  std::atomic<stream_number> number_{0};
  std::function<void()> gone_;
  bool takes_stream_ = true;
};

}  // namespace longhaul::wire
