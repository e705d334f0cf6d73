// SPDX-License-Identifier: Apache-2.0
// One connection: requests one after the other, each read whole, handed to the endpoint, answered
// with one write, or with a stream of events if the endpoint sends messages before its reply.
//
//   reading head ──► reading body ──► handling ──► (streaming) ──► writing ──► idle ──► …
//
// State and sockets belong to the connection's thread. Only `http_outlet` is used from others: it
// queues under its lock and posts one flush.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "transport/http_guard.hpp"
#include "transport/http_parser.hpp"
#include "transport/http_server.hpp"
#include "transport/read_buffer.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

class http_connection;

using loop_executor = boost::asio::io_context::executor_type;
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, loop_executor>;

/// What the connections of one thread share. One thread.
struct http_loop {
  http_loop(const http_options& o, const http_guard& g, wire::http_endpoint& e)
      : options(o), guard(g), endpoint(e), sweep(context) {}

  const http_options& options;
  const http_guard& guard;
  wire::http_endpoint& endpoint;
  boost::asio::io_context context{1};
  boost::asio::steady_timer sweep;
  std::unordered_set<http_connection*> connections;
  std::string date;                                     ///< refreshed by the sweep
  bool stopping = false;                                ///< answer what runs, then close
  std::weak_ptr<boost::asio::steady_timer> stop_timer;  ///< closes what is left after the grace

  /// The grace ends early when nothing is left.
  void end_if_idle() {
    if (!stopping || !connections.empty()) return;
    sweep.cancel();
    if (const auto timer = stop_timer.lock()) timer->cancel();
  }
};

/// The outlet of one exchange.
class http_outlet final : public wire::outlet, public std::enable_shared_from_this<http_outlet> {
 public:
  explicit http_outlet(std::shared_ptr<http_connection> connection);

  bool send(std::string message) override;
  void expect_wait() override;
  void on_gone(std::function<void()> callback) override;

  // The connection's side, on its thread.
  std::vector<std::string> take();
  /// The exchange has ended: nothing is taken any more, nobody is told; the connection is
  /// forgotten.
  void close();
  /// The client left: nothing is taken any more; the callback is called, now or when it is set.
  void gone();

 private:
  void call_gone();

  const std::size_t bound_;
  const loop_executor executor_;
  std::function<void()> gone_;  // the connection's thread only, as the next two
  bool left_ = false, closed_ = false;
  std::mutex mutex_;
  std::shared_ptr<http_connection> connection_;  // null once closed
  std::vector<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  bool flush_posted_ = false;
};

class http_connection : public std::enable_shared_from_this<http_connection> {
 public:
  using clock = std::chrono::steady_clock;

  http_connection(http_loop& loop, tcp_socket socket, std::string peer,
                  std::shared_ptr<void> counted);
  ~http_connection();

  /// Serves requests until the connection ends.
  boost::asio::awaitable<void> run();

  // --- called by the sweep and by the outlet, on this thread
  void sweep(clock::time_point now);
  void begin_stop();
  void close();
  void flush(http_outlet& from);
  void watch_peer();

  loop_executor executor() noexcept { return socket_.get_executor(); }
  const http_options& options() const noexcept { return loop_.options; }

 private:
  enum class phase : std::uint8_t { idle, head, body, handling, writing };

  void enter(phase p);
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<bool> read_request();
  bool check_head();
  boost::asio::awaitable<void> send_continue();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<bool> answer();
  boost::asio::awaitable<wire::http_reply> handle();
  boost::asio::awaitable<bool> write_reply(wire::http_reply reply, std::string_view content_type);
  boost::asio::awaitable<bool> finish_stream(const wire::http_reply& reply);
  wire::http_reply fault_reply() const;
  bool serve_probe(wire::http_reply& reply) const;
  bool streaming() const noexcept { return stream_started_; }
  void start_stream();
  void gather(http_outlet& from);
  void write_pending();
  void on_peer_readable();
  void peer_left();

  http_loop& loop_;
  tcp_socket socket_;
  const std::string peer_;
  const std::shared_ptr<void> counted_;
  http_parser parser_;
  read_buffer input_;
  std::string refused_;  // why this request is refused by its head alone
  phase phase_ = phase::idle;
  clock::time_point deadline_ = clock::time_point::max();
  bool timed_out_ = false, keep_alive_ = true, closed_ = false;
  bool unread_ = false;  // the last request was not read to its end

  // The exchange that is being handled.
  std::shared_ptr<http_outlet> outlet_;
  bool stream_started_ = false, chunked_ = true, watching_ = false, waiting_ = false;
  bool peer_gone_ = false;
  std::string output_;   // being gathered
  std::string writing_;  // being written; not empty while a stream write runs
  clock::time_point last_write_{};
  boost::asio::steady_timer written_;  // cancelled when a stream write has ended
};

}  // namespace longhaul::transport
