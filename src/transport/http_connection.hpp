// SPDX-License-Identifier: Apache-2.0
// The input and output of one connection: does what its exchange (`http_exchange.hpp`) says, over a
// stream that it owns. While the endpoint has a request, three things may be under way at once: the
// endpoint's coroutine, a watch for the peer's leaving, and a coroutine that writes what a slow
// reader has not taken of the stream of events.
//
// State and stream belong to the connection's thread. Only `http_outlet` is used from others.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_set>

#include "auth/identifier.hpp"
#include "transport/http_exchange.hpp"
#include "transport/http_outlet.hpp"
#include "transport/stream.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

/// What the connections of one thread share. One thread.
struct http_loop {
  http_loop(exchange_context context_of_exchanges, const auth::identifier& who,
            wire::http_endpoint& answers)
      : shared(std::move(context_of_exchanges)), identifier(who), endpoint(answers) {}

  exchange_context shared;
  const auth::identifier& identifier;
  wire::http_endpoint& endpoint;
  boost::asio::io_context context{1};
  boost::asio::steady_timer sweep{context};
  std::unordered_set<http_connection*> connections;
  std::weak_ptr<boost::asio::steady_timer> stop_timer;  ///< closes what is left after the grace

  /// The grace ends early when nothing is left.
  void end_if_idle() {
    if (!shared.stopping || !connections.empty()) return;
    sweep.cancel();
    if (const auto timer = stop_timer.lock()) timer->cancel();
  }
};

class http_connection final : public stream_watcher,
                              public std::enable_shared_from_this<http_connection> {
 public:
  using clock = http_exchange::clock;

  /// `counted` is let go when the connection has ended.
  http_connection(http_loop& loop, std::unique_ptr<stream> peer, std::string address,
                  std::shared_ptr<void> counted);
  ~http_connection() override;

  /// Serves requests until the connection ends.
  boost::asio::awaitable<void> run();

  // --- called by the sweep, by the stream and by the outlet, on this thread
  void sweep(clock::time_point now);
  void begin_stop();
  void close();
  void on_readable(const boost::system::error_code& error) override;
  void flush(http_outlet& outlet);
  void end_stream(http_outlet& outlet);
  void expect_wait();
  void only_reply() noexcept { exchange_.only_reply(); }

  loop_executor executor() noexcept { return loop_.context.get_executor(); }
  const http_options& options() const noexcept { return loop_.shared.options; }

 private:
  boost::asio::awaitable<void> serve();
  bool identify_at_once();
  boost::asio::awaitable<void> identify();
  boost::asio::awaitable<void> handle();
  boost::asio::awaitable<void> write();
  bool write_at_once();
  boost::asio::awaitable<void> write_rest();
  void write_stream();
  boost::asio::awaitable<void> write_slowly();
  void say_end();
  void watch();
  void opened(const boost::system::error_code& error);
  void peer_left();

  http_loop& loop_;
  const std::shared_ptr<void> counted_;
  const std::string address_;
  const std::unique_ptr<stream> peer_;
  http_exchange exchange_;
  std::shared_ptr<http_outlet> outlet_;  // while the endpoint has a request
  bool watching_ = false;                // a watch is under way
  bool writing_ = false;                 // `write_slowly` is under way
  boost::asio::steady_timer written_;    // cancelled when it has ended
};

}  // namespace longhaul::transport
