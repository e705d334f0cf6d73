// SPDX-License-Identifier: Apache-2.0
// One connection: requests one after the other, each read whole, handed to the endpoint, answered
// with one write, or with a stream of events if the endpoint sends messages before its reply.
//
//   reading head ──► reading body ──► handling ──► (streaming) ──► writing ──► idle ──► …
//
// What the head alone decides (`http_front`) is answered before anything of the body is taken.
//
// What a peer can make it hold: the parser's share (`http_parser.hpp`); input up to `max_header`
// while a head comes, one read while a body comes, `pipelined_ahead` while a request waits; output
// up to twice `stream_buffer` and one reply. An idle one holds `head_chunk` and little more.
//
// State and sockets belong to the connection's thread. Only `http_outlet` is used from others.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>

#include "transport/body_memory.hpp"
#include "transport/http_front.hpp"
#include "transport/http_outlet.hpp"
#include "transport/http_parser.hpp"
#include "transport/http_server.hpp"
#include "transport/read_buffer.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, loop_executor>;

/// What the connections of one thread share. One thread.
struct http_loop {
  http_loop(const http_options& o, http_front& f, body_memory& reading, body_memory& waiting,
            wire::http_endpoint& e)
      : options(o), front(f), bodies(reading), open_bodies(waiting), endpoint(e), sweep(context) {}

  const http_options& options;
  http_front& front;
  body_memory& bodies;       ///< being read
  body_memory& open_bodies;  ///< of requests that wait for their replies
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
  void log_refusal(int status) const;
  void watch_peer();
  void only_reply() noexcept { only_reply_ = true; }

  loop_executor executor() noexcept { return socket_.get_executor(); }
  const http_options& options() const noexcept { return loop_.options; }

 private:
  enum class phase : std::uint8_t { idle, head, body, handling, writing };

  void enter(phase p);
  boost::asio::awaitable<void> serve();
  void begin_request();
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> read_some();
  void take_input();
  boost::asio::awaitable<void> send_continue();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<bool> answer();
  boost::asio::awaitable<bool> answer_head();
  void decide_rest();
  boost::asio::awaitable<bool> drop_rest();
  boost::asio::awaitable<wire::http_reply> handle();
  boost::asio::awaitable<bool> write_reply(wire::http_reply reply, std::string_view content_type);
  boost::asio::awaitable<bool> finish_stream(const wire::http_reply& reply);
  wire::http_reply fault_reply() const;
  bool streaming() const noexcept { return stream_started_; }
  void start_stream();
  void gather(http_outlet& from);
  void write_pending();
  void on_peer_readable();
  bool peer_has_closed();
  void peer_left();

  http_loop& loop_;
  tcp_socket socket_;
  const std::string peer_;
  const std::shared_ptr<void> counted_;
  http_parser parser_;
  read_buffer input_;
  wire::http_request request_;
  head_verdict verdict_;  // set once the head is there
  std::string lines_;     // headers for pages, on every reply to this request
  phase phase_ = phase::idle;
  clock::time_point deadline_ = clock::time_point::max();
  bool timed_out_ = false, keep_alive_ = true, closed_ = false;
  bool unread_ = false;  // the last request was not read to its end

  // The exchange that is being handled.
  std::shared_ptr<http_outlet> outlet_;
  bool stream_started_ = false, chunked_ = true, watching_ = false, waiting_ = false;
  bool only_reply_ = false;  // no comments: the client takes no stream
  bool peer_gone_ = false;
  std::string output_;   // being gathered
  std::string writing_;  // being written; not empty while a stream write runs
  clock::time_point last_write_{};
  boost::asio::steady_timer written_;  // cancelled when a stream write has ended
};

}  // namespace longhaul::transport
