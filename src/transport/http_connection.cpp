// SPDX-License-Identifier: Apache-2.0
#include "transport/http_connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
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
constexpr std::string_view text_type = "text/plain; charset=utf-8";

// Empty: ready.
std::string why_not_ready(const http_options& options) {
  if (!options.not_ready) return {};
  try {
    return options.not_ready();
  } catch (const std::exception& e) {
    options.log.error("readyz.failed", e.what());
    return "the readiness check failed";
  }
}

}  // namespace

// --- the outlet

http_outlet::http_outlet(std::shared_ptr<http_connection> connection)
    : bound_(connection->options().stream_buffer),
      executor_(connection->executor()),
      connection_(std::move(connection)) {}

bool http_outlet::send(std::string message) {
  const std::lock_guard lock(mutex_);
  if (!connection_ || queued_bytes_ + message.size() > bound_) return false;
  queued_bytes_ += message.size();
  queue_.push_back(std::move(message));
  if (!std::exchange(flush_posted_, true)) {
    asio::post(executor_,
               [self = shared_from_this(), connection = connection_] { connection->flush(*self); });
  }
  return true;
}

std::vector<std::string> http_outlet::take() {
  const std::lock_guard lock(mutex_);
  flush_posted_ = false;
  queued_bytes_ = 0;
  return std::exchange(queue_, {});
}

void http_outlet::close() {
  gone_ = nullptr;
  closed_ = true;
  const std::lock_guard lock(mutex_);
  connection_.reset();
}

void http_outlet::expect_wait() {
  std::shared_ptr<http_connection> connection;
  {
    const std::lock_guard lock(mutex_);
    connection = connection_;
  }
  if (connection) connection->watch_peer();
}

void http_outlet::on_gone(std::function<void()> callback) {
  gone_ = closed_ ? nullptr : std::move(callback);
  if (!gone_ || !left_) return;
  asio::post(executor_, [self = shared_from_this()] { self->call_gone(); });  // it came too late
}

void http_outlet::gone() {
  left_ = true;
  {
    const std::lock_guard lock(mutex_);
    connection_.reset();
    queue_.clear();
  }
  call_gone();
}

void http_outlet::call_gone() {
  if (auto callback = std::exchange(gone_, nullptr)) callback();
}

// --- reading

http_connection::http_connection(http_loop& loop, tcp_socket socket, std::string peer,
                                 std::shared_ptr<void> counted)
    : loop_(loop),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      counted_(std::move(counted)),
      parser_(loop.options.max_header, loop.options.max_body),
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

// False: the head alone is reason enough to refuse the request, and its body is not waited for.
bool http_connection::check_head() {
  refused_ = parser_.several_hosts()     ? "there is more than one Host header"
             : parser_.several_origins() ? "there is more than one Origin header"
                                         : loop_.guard.refusal(parser_.host(), parser_.origin());
  return refused_.empty();
}

// False: the connection ended, or is to end.
asio::awaitable<bool> http_connection::read_request() {
  parser_.reset();
  refused_.clear();
  enter(input_.empty() ? phase::idle : phase::head);
  bool checked = false, continued = false;
  boost::system::error_code error;
  while (true) {
    if (!input_.empty()) {
      if (phase_ == phase::idle) enter(phase::head);
      input_.consume(parser_.put(input_.bytes()));
    }
    // A body that is announced as too large is a fault, but who may not ask at all is told that.
    const bool head_known = parser_.head_done() || parser_.fault() == parse_fault::body_too_large;
    if (head_known && !std::exchange(checked, true) && !check_head()) co_return true;
    if (parser_.done() || parser_.fault() != parse_fault::none) co_return true;
    if (parser_.head_done() && phase_ != phase::body) enter(phase::body);
    if (parser_.wants_continue() && parser_.head_done() && !std::exchange(continued, true)) {
      co_await send_continue();
    }
    if (phase_ == phase::idle && loop_.stopping) co_return false;
    if (timed_out_) co_return true;
    const auto room = input_.room(tunables::read_chunk);
    auto reading = socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                           asio::redirect_error(asio::use_awaitable, error));
    input_.filled(co_await std::move(reading));
    // Bytes may have come just when the time was up: nothing was left to cancel then.
    if (error || timed_out_) co_return timed_out_;
  }
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

wire::http_reply http_connection::fault_reply() const {
  if (timed_out_) return error_reply(408, "the request came too slowly; send it again, faster");
  switch (parser_.fault()) {
    case parse_fault::header_too_large:
      return error_reply(431, "the headers are larger than " +
                                  std::to_string(loop_.options.max_header) + " bytes");
    case parse_fault::body_too_large:
      return error_reply(413, "the body is larger than " + std::to_string(loop_.options.max_body) +
                                  " bytes; put large data where the tool can read it");
    default:
      return error_reply(400, "this is not a well-formed HTTP/1.1 request");
  }
}

bool http_connection::serve_probe(wire::http_reply& reply) const {
  if (parser_.target() == "/healthz") {
    reply.body = "ok\n";
    return true;
  }
  if (parser_.target() == "/readyz") {
    const std::string cause = loop_.stopping ? "shutting down" : why_not_ready(loop_.options);
    reply.status = cause.empty() ? 200 : 503;
    reply.body = (cause.empty() ? "ready" : cause) + "\n";
    return true;
  }
  return false;
}

asio::awaitable<bool> http_connection::answer() {
  if (!refused_.empty()) {
    unread_ = !parser_.done();
    keep_alive_ = !unread_ && parser_.keep_alive() && !loop_.stopping;
    wire::http_reply refusal = error_reply(403, refused_);
    auto writing = write_reply(std::move(refusal), json_type);
    co_return co_await std::move(writing);
  }
  if (timed_out_ || parser_.fault() != parse_fault::none) {
    keep_alive_ = false;
    unread_ = true;
    wire::http_reply fault = fault_reply();
    auto writing = write_reply(std::move(fault), json_type);
    co_return co_await std::move(writing);
  }
  keep_alive_ = parser_.keep_alive() && !loop_.stopping;
  wire::http_reply reply;
  std::string_view type = json_type;
  if (serve_probe(reply)) {
    type = text_type;
  } else if (const auto path = parser_.target().substr(0, parser_.target().find('?'));
             path != loop_.options.path) {
    reply = error_reply(404, "there is nothing here; the MCP endpoint is " + loop_.options.path);
  } else {
    auto handling = handle();
    reply = co_await std::move(handling);
    if (peer_gone_ || closed_) co_return false;
    keep_alive_ = keep_alive_ && !loop_.stopping;
    if (streaming()) {
      auto finishing = finish_stream(reply);
      co_return co_await std::move(finishing);
    }
  }
  auto writing = write_reply(std::move(reply), type);
  co_return co_await std::move(writing);
}

asio::awaitable<wire::http_reply> http_connection::handle() {
  wire::http_request request = parser_.request(peer_);
  if (auto refused = loop_.endpoint.admit(request)) co_return std::move(*refused);
  enter(phase::handling);
  outlet_ = std::make_shared<http_outlet>(shared_from_this());
  waiting_ = stream_started_ = false;
  wire::http_reply reply;
  try {
    auto handling = loop_.endpoint.handle(request, parser_.take_body(), outlet_);
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
  output_.clear();
  append_head(output_, reply, content_type, keep_alive_, loop_.date);
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
  output_.clear();
  co_return !error;
}

// --- streaming

void http_connection::start_stream() {
  stream_started_ = true;
  chunked_ = parser_.keep_alive();  // HTTP/1.0 and `Connection: close`: the end is the end
  if (!chunked_) keep_alive_ = false;
  append_stream_head(output_, {}, keep_alive_, chunked_, loop_.date);
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
                      self->writing_.clear();
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
  watching_ = true;
  socket_.async_wait(tcp_socket::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->watching_ = false;
                       if (!error && self->waiting_) self->on_peer_readable();
                     });
}

void http_connection::on_peer_readable() {
  if (input_.size() >= tunables::pipelined_ahead) return;  // it must wait
  const auto room = input_.room(tunables::read_chunk);
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
  if (waiting_ && writing_.empty() && now - last_write_ >= loop_.options.keep_alive_comment) {
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
