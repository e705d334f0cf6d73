// SPDX-License-Identifier: Apache-2.0
#include "transport/http_connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <exception>
#include <utility>

#include "transport/http_reply.hpp"

namespace longhaul::transport {
namespace {

namespace asio = boost::asio;

constexpr std::string_view json_type = "application/json";

// What has grown large goes; what is small is used again.
void give_back(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > tunables::kept_buffer) std::string().swap(buffer);
}

wire::http_reply no_room_reply(std::string_view why) {
  wire::http_reply reply = error_reply(503, why);
  reply.retry_after = static_cast<int>(std::chrono::seconds(tunables::retry_after).count());
  return reply;
}

}  // namespace

// --- reading

http_connection::http_connection(http_loop& loop, tcp_socket socket, std::string peer,
                                 std::shared_ptr<void> counted)
    : loop_(loop),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      counted_(std::move(counted)),
      parser_(loop.options.max_header, loop.options.max_body, &loop.bodies),
      written_(loop.context) {
  loop_.connections.insert(this);
}

http_connection::~http_connection() {
  loop_.connections.erase(this);
  loop_.end_if_idle();
}

void http_connection::enter(phase p) {
  phase_ = p;
  const http_options& o = loop_.options;
  switch (p) {
    case phase::idle:
      deadline_ = clock::now() + o.idle_time;
      break;
    case phase::head:
      deadline_ = clock::now() + o.head_time;
      break;
    case phase::body:
      deadline_ = clock::now() + o.body_time;
      break;
    case phase::handling:
      deadline_ = clock::time_point::max();
      break;
    case phase::writing:
      deadline_ = clock::now() + o.write_stall_time;
      break;
  }
}

asio::awaitable<void> http_connection::run() {
  const auto self = shared_from_this();
  try {
    auto serving = serve();
    co_await std::move(serving);
  } catch (const std::exception& e) {  // no memory, for instance
    loop_.options.log.error("connection.failed", e.what());
    if (outlet_) outlet_->close();
  }
  close();
}

asio::awaitable<void> http_connection::serve() {
  while (keep_alive_ && !closed_) {
    auto reading = read_request();
    if (!co_await std::move(reading)) break;
    auto answering = answer();
    if (!co_await std::move(answering)) break;
  }
  if (!unread_) co_return;
  auto lingering = linger();
  co_await std::move(lingering);
}

void http_connection::begin_request() {
  parser_.reset();
  request_ = {};  // views of what the parser has forgotten
  verdict_ = {};
  give_back(lines_);
  input_.give_back(tunables::head_chunk);
  enter(input_.empty() ? phase::idle : phase::head);
}

// False: the connection ended, or is to end.
asio::awaitable<bool> http_connection::read_request() {
  begin_request();
  bool continued = false;
  while (true) {
    if (!input_.empty()) {
      if (phase_ == phase::idle) enter(phase::head);
      take_input();
      if (!parser_.begun() && input_.empty()) enter(phase::idle);
    }
    if (verdict_.reply || parser_.done() || parser_.fault() != parse_fault::none) co_return true;
    if (parser_.head_done() && phase_ != phase::body) enter(phase::body);
    if (parser_.wants_continue() && parser_.head_done() && !std::exchange(continued, true)) {
      co_await send_continue();
    }
    if (phase_ == phase::idle && loop_.stopping) co_return false;
    if (timed_out_) co_return true;
    auto reading = read_some();
    const bool came = co_await std::move(reading);
    // Bytes may have come just when the time was up: nothing was left to cancel then.
    if (!came || timed_out_) co_return timed_out_;
  }
}

// False: the connection ended, or the time is up.
asio::awaitable<bool> http_connection::read_some() {
  boost::system::error_code error;
  const auto room =
      input_.room(phase_ == phase::body ? tunables::body_chunk : tunables::head_chunk);
  auto reading = socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                         asio::redirect_error(asio::use_awaitable, error));
  input_.filled(co_await std::move(reading));
  co_return !error;
}

void http_connection::take_input() {
  if (!parser_.head_done()) {
    input_.consume(parser_.put_head(input_.bytes()));
    if (!parser_.head_done()) return;
    request_ = parser_.request(peer_);
    verdict_ = loop_.front.judge(parser_, request_, loop_.stopping, lines_);
    if (verdict_.reply) return;
  }
  if (parser_.done() || parser_.fault() != parse_fault::none) return;
  input_.consume(parser_.put(input_.bytes()));
}

asio::awaitable<void> http_connection::send_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  boost::system::error_code ignored;
  auto writing = asio::async_write(socket_, asio::buffer(text.data(), text.size()),
                                   asio::redirect_error(asio::use_awaitable, ignored));
  co_await std::move(writing);
}

// Takes what the client still sends: a close with unread bytes would reset the connection, and the
// client might lose the reply that says what was wrong.
asio::awaitable<void> http_connection::linger() {
  boost::system::error_code error;
  socket_.shutdown(tcp_socket::shutdown_send, error);
  deadline_ = clock::now() + tunables::linger_time;
  std::array<char, 4096> dropped{};
  for (std::size_t taken = 0; !error && !closed_ && taken < tunables::linger_bytes;) {
    auto reading = socket_.async_read_some(asio::buffer(dropped),
                                           asio::redirect_error(asio::use_awaitable, error));
    taken += co_await std::move(reading);
  }
}

// --- answering

// Whoever is refused may come again at once, and need not be known.
void http_connection::log_refusal(int status) const {
  constexpr std::array<int, 7> told = {401, 403, 408, 413, 429, 431, 503};
  const bool probe = request_.method != "POST" && status == 503;
  const bool worth_a_line = !probe && std::find(told.begin(), told.end(), status) != told.end();
  const log_level level = worth_a_line ? log_level::info : log_level::debug;
  if (status != 403) {
    loop_.options.log.stranger(level, "http.refused", {},
                               {{"status", status}, {"from", peer_}, {"method", parser_.method()}});
    return;
  }
  // Which name or site was refused is what an operator has to allow.
  loop_.options.log.stranger(level, "http.refused", {},
                             {{"status", status},
                              {"from", peer_},
                              {"method", parser_.method()},
                              {"host", parser_.host()},
                              {"origin", parser_.origin()}});
}

wire::http_reply http_connection::fault_reply() const {
  if (timed_out_) return error_reply(408, "the request came too slowly; send it again, faster");
  switch (parser_.fault()) {
    case parse_fault::header_too_large:
      return error_reply(431, "the headers are larger than " +
                                  std::to_string(loop_.options.max_header) + " bytes");
    case parse_fault::body_too_large:
      return error_reply(413, "the body is larger than " + std::to_string(loop_.options.max_body) +
                                  " bytes; put large data where the tool can read it");
    case parse_fault::no_memory:
      return no_room_reply("too many bodies are being read; send it again in a moment");
    default:
      return error_reply(400, "this is not a well-formed HTTP/1.1 request");
  }
}

asio::awaitable<bool> http_connection::answer() {
  if (verdict_.reply) {
    auto answering = answer_head();
    co_return co_await std::move(answering);
  }
  if (timed_out_ || parser_.fault() != parse_fault::none) {
    keep_alive_ = false;
    unread_ = true;
    parser_.drop_body();
    if (!parser_.head_done()) loop_.front.greet_page(parser_, lines_);
    wire::http_reply fault = fault_reply();
    auto writing = write_reply(std::move(fault), json_type);
    co_return co_await std::move(writing);
  }
  keep_alive_ = parser_.keep_alive() && !loop_.stopping;
  auto handling = handle();
  wire::http_reply reply = co_await std::move(handling);
  if (peer_gone_ || closed_) co_return false;
  keep_alive_ = keep_alive_ && !loop_.stopping;
  if (streaming()) {
    auto finishing = finish_stream(reply);
    co_return co_await std::move(finishing);
  }
  auto writing = write_reply(std::move(reply), json_type);
  co_return co_await std::move(writing);
}

// Answers what the head alone decided.
asio::awaitable<bool> http_connection::answer_head() {
  decide_rest();
  auto writing = write_reply(std::move(*verdict_.reply), verdict_.content_type);
  const bool written = co_await std::move(writing);
  if (!written || parser_.done() || !keep_alive_) co_return written;
  auto dropping = drop_rest();
  co_return co_await std::move(dropping);
}

// Whether the connection goes on behind a body that nobody wants: if that is here, or soon will be.
void http_connection::decide_rest() {
  parser_.drop_body();
  const bool fine = parser_.fault() == parse_fault::none;
  if (fine && !parser_.done()) input_.consume(parser_.put(input_.bytes()));
  const auto left = parser_.body_left();
  // Who waits for `100 Continue` may send the body all the same, or not.
  const bool soon =
      !verdict_.stranger && !parser_.wants_continue() && left && *left <= tunables::dropped_body;
  const bool goes_on = parser_.fault() == parse_fault::none && (parser_.done() || soon);
  keep_alive_ = goes_on && parser_.keep_alive() && !loop_.stopping;
  unread_ = !keep_alive_ && !parser_.done();
}

asio::awaitable<bool> http_connection::drop_rest() {
  enter(phase::body);
  while (!parser_.done() && parser_.fault() == parse_fault::none && !timed_out_) {
    auto reading = read_some();
    if (!co_await std::move(reading)) break;
    input_.consume(parser_.put(input_.bytes()));
  }
  co_return parser_.done() && !timed_out_;
}

asio::awaitable<wire::http_reply> http_connection::handle() {
  enter(phase::handling);
  std::string body = parser_.take_body();
  const body_share share(loop_.open_bodies, body.capacity());
  if (!share.granted()) {
    co_return no_room_reply("too many large requests wait for their replies; send it again later");
  }
  outlet_ = std::make_shared<http_outlet>(shared_from_this());
  waiting_ = stream_started_ = only_reply_ = false;
  wire::http_reply reply;
  try {
    auto handling = loop_.endpoint.handle(request_, std::move(body), outlet_);
    reply = co_await std::move(handling);
  } catch (const std::exception& e) {
    loop_.options.log.error("request.failed", e.what());
    reply = error_reply(500, "the server failed at this request");
  } catch (...) {
    loop_.options.log.error("request.failed", "with what is no std::exception");
    reply = error_reply(500, "the server failed at this request");
  }
  // What was sent before the reply goes out before it; what comes later is refused, not lost.
  outlet_->close();
  gather(*outlet_);
  outlet_.reset();
  waiting_ = false;
  co_return reply;
}

asio::awaitable<bool> http_connection::write_reply(wire::http_reply reply,
                                                   std::string_view content_type) {
  enter(phase::writing);
  if (reply.status >= 400) log_refusal(reply.status);
  output_.clear();
  append_head(output_, reply, content_type, keep_alive_, loop_.date, lines_);
  if (parser_.method() == "HEAD") reply.body.clear();
  boost::system::error_code error;
  // A slow reader may take its time, as long as it takes something.
  const auto progress = [this](const boost::system::error_code& failed, std::size_t written) {
    deadline_ = clock::now() + loop_.options.write_stall_time;
    return asio::transfer_all()(failed, written);
  };
  if (reply.body.size() <= tunables::copied_body) {
    output_ += reply.body;
    auto writing = asio::async_write(socket_, asio::buffer(output_), progress,
                                     asio::redirect_error(asio::use_awaitable, error));
    co_await std::move(writing);
  } else {
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(output_),
                                                     asio::buffer(reply.body)};
    auto writing = asio::async_write(socket_, parts, progress,
                                     asio::redirect_error(asio::use_awaitable, error));
    co_await std::move(writing);
  }
  give_back(output_);
  co_return !error;
}

// --- streaming

void http_connection::start_stream() {
  stream_started_ = true;
  chunked_ = parser_.keep_alive();  // HTTP/1.0 and `Connection: close`: the end is the end
  if (!chunked_) keep_alive_ = false;
  append_stream_head(output_, keep_alive_, chunked_, loop_.date, lines_);
}

void http_connection::flush(http_outlet& from) {
  // While a write runs, messages stay in the outlet, whose bound counts them; its end gathers them.
  if (&from != outlet_.get() || closed_ || !writing_.empty()) return;
  gather(from);
  write_pending();
}

void http_connection::gather(http_outlet& from) {
  const auto messages = from.take();
  if (messages.empty() || closed_) return;
  if (!streaming()) start_stream();
  for (const std::string& message : messages) append_event(output_, message, chunked_);
}

void http_connection::write_pending() {
  if (!writing_.empty() || output_.empty() || closed_) return;
  writing_.swap(output_);
  last_write_ = clock::now();
  deadline_ = last_write_ + loop_.options.write_stall_time;
  const auto progress = [this](const boost::system::error_code& failed, std::size_t written) {
    deadline_ = clock::now() + loop_.options.write_stall_time;
    return asio::transfer_all()(failed, written);
  };
  asio::async_write(socket_, asio::buffer(writing_), progress,
                    [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                      give_back(self->writing_);
                      self->last_write_ = clock::now();
                      if (self->phase_ == phase::handling) {
                        self->deadline_ = clock::time_point::max();
                      }
                      if (error) {
                        self->peer_left();
                      } else {
                        if (self->outlet_) self->gather(*self->outlet_);
                        self->write_pending();
                      }
                      self->written_.cancel();
                    });
}

asio::awaitable<bool> http_connection::finish_stream(const wire::http_reply& reply) {
  if (!reply.body.empty()) append_event(output_, reply.body, chunked_);
  if (chunked_) output_ += "0\r\n\r\n";
  enter(phase::writing);
  write_pending();
  while (!writing_.empty() && !peer_gone_) {
    written_.expires_at(clock::time_point::max());
    boost::system::error_code ignored;
    auto waiting = written_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await std::move(waiting);
  }
  stream_started_ = false;
  co_return !peer_gone_;
}

// --- the peer, the clock, the end

void http_connection::watch_peer() {
  waiting_ = true;
  last_write_ = clock::now();
  if (watching_ || closed_) return;
  input_.give_back(0);
  watching_ = true;
  socket_.async_wait(tcp_socket::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->watching_ = false;
                       if (!error && self->waiting_) self->on_peer_readable();
                     });
}

void http_connection::on_peer_readable() {
  // It must wait; the sweep sees whether it leaves.
  if (input_.size() >= tunables::pipelined_ahead) return;
  const auto room = input_.room(tunables::head_chunk);
  const ssize_t got = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
  if (got > 0) {
    input_.filled(static_cast<std::size_t>(got));  // the next request
  } else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    return peer_left();
  }
  const auto last = last_write_;
  watch_peer();
  last_write_ = last;
}

// Behind bytes that nobody reads for now.
bool http_connection::peer_has_closed() {
  pollfd state{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

void http_connection::peer_left() {
  if (std::exchange(peer_gone_, true)) return;
  if (outlet_) outlet_->gone();
}

void http_connection::sweep(clock::time_point now) {
  if (now >= deadline_) {
    if (phase_ == phase::head || phase_ == phase::body) {
      timed_out_ = true;
      boost::system::error_code ignored;
      socket_.cancel(ignored);  // the reader answers 408
      deadline_ = clock::time_point::max();
      return;
    }
    return close();
  }
  if (waiting_ && !watching_ && peer_has_closed()) return peer_left();
  if (waiting_ && !only_reply_ && writing_.empty() &&
      now - last_write_ >= loop_.options.keep_alive_comment) {
    if (!streaming()) start_stream();
    append_comment(output_, chunked_);
    write_pending();
  }
}

void http_connection::begin_stop() {
  if (phase_ == phase::idle) close();
}

void http_connection::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
  socket_.close(ignored);
  peer_left();
}

}  // namespace longhaul::transport
