// SPDX-License-Identifier: Apache-2.0
// The protocol of one HTTP/1.1 connection as a machine: bytes in, actions out. It owns what was
// read and is not dealt with, the request at hand, and what is to be written; it knows no socket
// and no clock, and calls nobody but the routes. Requests are dealt with one after the other.
//
//   opening ──► idle ──► head ──► asking ──► body ──► handling ──► streaming
//                ▲        │         │         │          │             │
//                │        └─────────┴────┬────┴──────────┴─────────────┘
//                │                       ▼
//                ├───────────────── replying ──► dropping ──┐
//                │                       │ └───► lingering  │
//                └───────────────────────┼──────────────────┘
//                                        ▼
//                                      over    (from everywhere, when the peer leaves)
//
//   opening    the stream is not open yet: TLS and its handshake
//   idle       nothing of a request has come; empty lines are nothing
//   head       its head comes
//   asking     the head is there and not refused; who sends it is being found out
//   body       its body comes
//   handling   the endpoint has it; nothing of a reply has been said
//   streaming  the same, and the reply has begun as a stream of events
//   replying   the reply, or the end of the stream, is being written
//   dropping   what was answered by its head goes on: its body is taken and thrown away
//   lingering  nothing more is sent; what the client still sends is taken, because a close with
//              unread bytes would reset the connection, and it might lose the reply
//   over       to be closed, once the endpoint has given back what it has
//
// Whoever drives it does what `next` says, tells it what happened, and asks again. A time-out is an
// event like others (`sweep`).
//
// What a peer can make it hold: the parser's share (`http_parser.hpp`); input up to `max_header`
// while a head comes, one read while a body comes, `pipelined_ahead` while a request waits; output
// up to twice `stream_buffer` and one reply. An idle one holds `head_chunk` and little more.
//
// Threads: the connection's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/identifier.hpp"
#include "transport/body_memory.hpp"
#include "transport/http_meters.hpp"
#include "transport/http_parser.hpp"
#include "transport/read_buffer.hpp"
#include "transport/routes.hpp"
#include "transport/stream.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

/// What the connections of one thread share.
struct exchange_context {
  const http_options& options;
  const routes& paths;
  body_memory& bodies;       ///< being read
  body_memory& open_bodies;  ///< of requests that wait for their replies
  http_meters& meters;
  std::string date = {};  ///< for replies; refreshed by the sweep
  bool stopping = false;  ///< answer what runs, then close
};

class http_exchange {
 public:
  using clock = std::chrono::steady_clock;
  using time = clock::time_point;

  enum class state : std::uint8_t {
    opening,
    idle,
    head,
    asking,
    body,
    handling,
    streaming,
    replying,
    dropping,
    lingering,
    over,
  };
  enum class step : std::uint8_t {
    open,      ///< the stream; then `opened`
    read,      ///< into `room`; then `received` or `left`
    write,     ///< all of `output`; `written` each time
    identify,  ///< `credentials`; then `identified` or `failed`
    handle,    ///< `request` with `take_body`; then `handled` or `failed`
    close,
  };
  enum class alarm : std::uint8_t {
    none,
    stop_reading,  ///< what waits to read is to be woken: `next` has changed
    write,         ///< there is `output`
    close,
  };

  http_exchange(const exchange_context& shared, std::string peer, bool opening, time now);

  state at() const noexcept { return state_; }
  step next() const noexcept;

  // --- what came
  void opened(time now);
  /// Room for one read, valid until the next call of anything else but `sweep`.
  std::span<char> room();
  void received(std::size_t count, time now);
  /// The peer is gone, or the connection was closed.
  void left() noexcept {
    state_ = state::over;
    deadline_ = time::max();
  }
  auth::credentials credentials() const noexcept;
  void identified(auth::identification sender, time now);

  // --- the endpoint's side
  const wire::http_request& request() const noexcept { return request_; }
  std::string take_body() noexcept { return std::move(request_body_); }
  /// The client takes no stream: no comments.
  void only_reply() noexcept { comments_ = false; }
  /// The reply may take long.
  void expect_wait(time now);
  bool waits() const noexcept { return waits_ && in_endpoint(); }
  /// The peer is as far ahead as it may be: nothing more is read while its request waits.
  bool full_ahead() const noexcept { return input_.size() >= tunables::pipelined_ahead; }
  /// What the endpoint says before its reply.
  void add_messages(std::span<const wire::stream_event> messages, time now);
  /// … and that nothing will follow on this connection, whatever it replies.
  void end_stream(time now);
  void handled(wire::http_reply reply, time now);
  /// The endpoint, or who was asked about the caller, failed.
  void failed(time now);

  // --- what goes
  bool has_output() const noexcept { return sent_ < output_.size() + large_body_.size(); }
  pieces output() const noexcept;
  void written(std::size_t count, time now);

  /// Looks at the time.
  alarm sweep(time now);

 private:
  // What follows a reply.
  enum class sequel : std::uint8_t { next_request, drop_body, linger, close };

  bool in_endpoint() const noexcept {
    return state_ == state::handling || state_ == state::streaming;
  }
  void enter(state entered, time now);
  void begin_request(time now);
  void take_head(time now);
  void judge_head(time now);
  void enter_body(time now);
  void take_body_bytes(time now);
  void begin_handling(time now);
  void drop_body_bytes(time now);
  void answer_head(head_verdict verdict, time now);
  sequel after_unread_body(bool stranger);
  sequel after_reply() const noexcept;
  void refuse(wire::http_reply fault, time now);
  wire::http_reply fault_reply() const;
  void reply_with(wire::http_reply reply, sequel then, time now);
  void start_stream();
  void reply_is_out(time now);
  void log_refusal(int status) const;

  const exchange_context& shared_;
  const std::string peer_;
  state state_;
  sequel then_ = sequel::next_request;
  time deadline_;
  time last_write_;

  read_buffer input_;
  http_parser parser_;
  wire::http_request request_;  // views of what the parser keeps
  std::string request_body_;
  std::optional<body_share> body_share_;       // while the endpoint has it
  std::optional<http_meters::stream> stream_;  // while it is one
  std::string lines_;                          // headers for pages, on every reply to this request
  std::size_t lingered_ = 0;                   // bytes
  bool waits_ = false, comments_ = true;       // of the endpoint: it said so

  std::string output_;      // output: heads, events, small bodies
  std::string large_body_;  // a large body behind it
  std::size_t sent_ = 0;
};

}  // namespace longhaul::transport
