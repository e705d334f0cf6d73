// SPDX-License-Identifier: Apache-2.0
#include "client/http_client.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <stdexcept>

#include "base/text.hpp"
#include "client/dial.hpp"
#include "client/tunables.hpp"
#include "longhaul/client_error.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// --- one connection, whatever it runs over

class connection {
 public:
  explicit connection(asio::io_context& context) : socket(context) {}
  virtual ~connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  virtual awaitable<void> shake_hands(const std::string& host, error_code& error) = 0;
  virtual awaitable<void> write(http::request<http::string_body>& request, error_code& error) = 0;
  virtual awaitable<void> read_head(http::response_parser<http::buffer_body>& reply,
                                    error_code& error) = 0;
  virtual awaitable<void> read_some(http::response_parser<http::buffer_body>& reply,
                                    error_code& error) = 0;

  void close() noexcept {
    error_code ignored;
    socket.close(ignored);
  }
  // Nothing has come that was not asked for, not even the end.
  bool quiet() noexcept {
    if (buffer.size() != 0) return false;
    error_code error;
    socket.non_blocking(true, error);
    char byte = 0;
    socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error == asio::error::would_block;
  }

  tcp::socket socket;
  boost::beast::flat_buffer buffer;
  std::chrono::steady_clock::time_point idle_since{};
};

template <class Stream>
class connection_over : public connection {
 public:
  using connection::connection;

  awaitable<void> write(http::request<http::string_body>& request, error_code& error) override {
    co_await http::async_write(stream(), request, asio::redirect_error(asio::use_awaitable, error));
  }
  awaitable<void> read_head(http::response_parser<http::buffer_body>& reply,
                            error_code& error) override {
    co_await http::async_read_header(stream(), buffer, reply,
                                     asio::redirect_error(asio::use_awaitable, error));
  }
  awaitable<void> read_some(http::response_parser<http::buffer_body>& reply,
                            error_code& error) override {
    co_await http::async_read_some(stream(), buffer, reply,
                                   asio::redirect_error(asio::use_awaitable, error));
  }

 protected:
  virtual Stream& stream() = 0;
};

class plain_connection final : public connection_over<tcp::socket> {
 public:
  using connection_over::connection_over;
  awaitable<void> shake_hands(const std::string&, error_code&) override { co_return; }

 private:
  tcp::socket& stream() override { return socket; }
};

class secure_connection final : public connection_over<asio::ssl::stream<tcp::socket&>> {
 public:
  secure_connection(asio::io_context& context, asio::ssl::context& settings)
      : connection_over(context), stream_(socket, settings) {}

  awaitable<void> shake_hands(const std::string& host, error_code& error) override {
    // No name is told to a server that was called by its address (RFC 6066, section 3).
    error_code no_address;
    asio::ip::make_address(host, no_address);
    if (no_address) SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
    stream_.set_verify_mode(asio::ssl::verify_peer);
    stream_.set_verify_callback(asio::ssl::host_name_verification(host));
    co_await stream_.async_handshake(asio::ssl::stream_base::client,
                                     asio::redirect_error(asio::use_awaitable, error));
  }

 private:
  asio::ssl::stream<tcp::socket&>& stream() override { return stream_; }
  asio::ssl::stream<tcp::socket&> stream_;
};

// A peer that is gone without a word is noticed also where nothing is sent for hours.
void notice_silence(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int option, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, tunables::keep_alive_idle);
  set(TCP_KEEPINTVL, tunables::keep_alive_interval);
  set(TCP_KEEPCNT, tunables::keep_alive_count);
}

http_head head_of(const http::response_header<>& from) {
  http_head head;
  head.status = static_cast<int>(from.result_int());
  const auto text = [&](auto name) { return std::string(from[name]); };
  const std::string type = text(http::field::content_type);
  head.content_type = lowered(trimmed(std::string_view(type).substr(0, type.find(';'))));
  head.session = text("Mcp-Session-Id");
  head.location = text(http::field::location);
  head.retry_after = text(http::field::retry_after);
  head.authenticate = text(http::field::www_authenticate);
  return head;
}

}  // namespace

// --- what an origin's connections share

struct http_client::state : std::enable_shared_from_this<state> {
  state(asio::io_context& on, http_url where, const http_limits& with)
      : context(on), origin(std::move(where)), limits(with) {
    if (!origin.secure) return;
    error_code error;
    if (limits.ca_file.empty()) {
      tls.set_default_verify_paths(error);
    } else {
      tls.load_verify_file(limits.ca_file, error);
    }
    if (error) {
      throw std::invalid_argument("the file of authorities '" + limits.ca_file +
                                  "' cannot be read: " + error.message());
    }
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  }

  std::unique_ptr<connection> make() {
    if (origin.secure) return std::make_unique<secure_connection>(context, tls);
    return std::make_unique<plain_connection>(context);
  }
  std::unique_ptr<connection> take_idle(bool repeatable) {
    const auto now = std::chrono::steady_clock::now();
    const auto oldest = now - (repeatable ? tunables::idle_time : tunables::surely_open);
    while (!idle.empty()) {
      std::unique_ptr<connection> last = std::move(idle.back());
      idle.pop_back();
      if (last->idle_since > oldest && last->quiet()) return last;
    }
    return nullptr;
  }
  void give_back(std::unique_ptr<connection> one) {
    if (closed || idle.size() >= tunables::idle_connections) return;
    one->idle_since = std::chrono::steady_clock::now();
    idle.push_back(std::move(one));
  }

  asio::io_context& context;
  const http_url origin;
  const http_limits limits;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::vector<std::unique_ptr<connection>> idle;
  std::vector<std::weak_ptr<http_exchange>> open;
  bool closed = false;
};

namespace {

class exchange_over_http final : public http_exchange,
                                 public std::enable_shared_from_this<exchange_over_http> {
 public:
  explicit exchange_over_http(std::shared_ptr<http_client::state> home)
      : home_(std::move(home)), timer_(home_->context) {}
  ~exchange_over_http() override { exchange_over_http::abandon(); }

  const http_head& head() const noexcept override { return head_; }

  void abandon() noexcept override {
    if (left_ == reason::none) left_ = reason::left;
    if (link_) link_->close();
    if (dial_) dial_->stop();
  }

  awaitable<void> run(http_request request) {
    const auto self = shared_from_this();
    for (;;) {
      link_ = home_->take_idle(request.repeatable);
      const bool fresh = link_ == nullptr;
      if (fresh) co_await connect();
      const bool answered = co_await ask(request, fresh || !request.repeatable);
      if (answered) co_return;
    }
  }

  awaitable<std::string> next() override {
    const auto self = shared_from_this();
    std::array<char, tunables::read_size> room;
    while (parser_ && !parser_->is_done()) {
      auto& body = parser_->get().body();
      body.data = room.data();
      body.size = room.size();
      error_code error;
      co_await link_->read_some(*parser_, error);
      if (error == http::error::need_buffer) error = {};
      const std::size_t came = room.size() - body.size;
      if (error && came == 0) fail(error, kind_of(error));
      if (came != 0) {
        if (parser_->is_done()) end();
        co_return std::string(room.data(), came);
      }
    }
    end();
    co_return std::string();
  }

 private:
  enum class reason { none, left, late };

  void limit(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this(), turn = ++turn_](error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->turn_ != turn) return;
      if (self->left_ == reason::none) self->left_ = reason::late;
      if (self->link_) self->link_->close();
      if (self->dial_) self->dial_->stop();
    });
  }
  void end_limit() {
    ++turn_;
    timer_.cancel();
  }

  [[noreturn]] void fail(const error_code& error, client_error::kind otherwise) {
    end_limit();
    if (link_) link_->close();
    const std::string where = home_->origin.origin();
    if (left_ == reason::left || home_->closed) {
      throw client_error(client_error::kind::left, "the request to " + where + " was given up");
    }
    if (left_ == reason::late) throw client_error(otherwise, where + " cannot be reached in time");
    if (otherwise == client_error::kind::unreachable) {
      throw client_error(otherwise, "cannot connect to " + where + ": " + error.message());
    }
    const bool no_http = otherwise == client_error::kind::broken;
    const std::string trouble = no_http ? " answers with what is no HTTP: " : " was lost: ";
    throw client_error(otherwise,
                       (no_http ? "" : "the connection to ") + where + trouble + error.message());
  }

  awaitable<void> connect() {
    constexpr auto unreachable = client_error::kind::unreachable;
    link_ = home_->make();
    limit(home_->limits.connect_time);
    error_code error;
    const http_url& to = home_->origin;
    dial_ = std::make_shared<dial>(home_->context);
    tcp::socket connected = co_await dial_->run(to.host, to.port, error);
    dial_.reset();
    if (error || left_ != reason::none) fail(error, unreachable);
    link_->socket = std::move(connected);
    notice_silence(link_->socket);
    co_await link_->shake_hands(to.host, error);
    if (error || left_ != reason::none) fail(error, unreachable);
    end_limit();
  }

  // False: an old connection had ended, and the same may be sent again.
  awaitable<bool> ask(const http_request& request, bool once) {
    http::request<http::string_body> out;
    out.method_string(request.method);
    out.target(request.target);
    out.version(11);
    out.set(http::field::host, home_->origin.authority());
    for (const auto& [name, value] : request.headers) {
      check(name, value);
      out.set(name, value);
    }
    out.body() = request.body;
    out.prepare_payload();
    error_code error;
    co_await link_->write(out, error);
    for (int heads = 0; !error && heads < tunables::early_heads; ++heads) {
      parser_.emplace();
      parser_->header_limit(static_cast<std::uint32_t>(tunables::head_limit));
      parser_->body_limit(boost::none);
      co_await link_->read_head(*parser_, error);
      if (error || parser_->get().result_int() / 100 != 1) break;  // 1xx: the reply is to come
    }
    if (error) {
      if (once || left_ != reason::none) fail(error, kind_of(error));
      link_->close();
      co_return false;
    }
    head_ = head_of(parser_->get().base());
    co_return true;
  }

  void check(const std::string& name, const std::string& value) const {
    if (is_header(name, value)) return;
    throw client_error(client_error::kind::broken, "'" + name.substr(0, tunables::shown_text) +
                                                       "' cannot be sent to " +
                                                       home_->origin.origin() + " as a header");
  }

  static client_error::kind kind_of(const error_code& error) {
    const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
    const bool is_http =
        error.category() == http::make_error_code(http::error::bad_method).category();
    return is_http && !ended ? client_error::kind::broken : client_error::kind::lost;
  }

  void end() {
    if (!link_ || !parser_) return;
    if (parser_->keep_alive() && left_ == reason::none && link_->socket.is_open()) {
      home_->give_back(std::move(link_));
    }
    link_.reset();
  }

  const std::shared_ptr<http_client::state> home_;
  asio::steady_timer timer_;
  std::shared_ptr<dial> dial_;  // while it connects
  std::unique_ptr<connection> link_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  http_head head_;
  reason left_ = reason::none;
  std::uint64_t turn_ = 0;
};

}  // namespace

http_client::http_client(asio::io_context& context, http_url origin, const http_limits& limits)
    : state_(std::make_shared<state>(context, std::move(origin), limits)) {}

http_client::~http_client() { close(); }

void http_client::drop_idle() noexcept { state_->idle.clear(); }

void http_client::close() noexcept {
  state_->closed = true;
  state_->idle.clear();
  for (const auto& each : state_->open) {
    if (const auto one = each.lock()) one->abandon();
  }
}

awaitable<std::shared_ptr<http_exchange>> http_client::send(http_request request,
                                                            interruption& ended) {
  if (state_->closed) {
    throw client_error(client_error::kind::left, "the client is closed");
  }
  const auto one = std::make_shared<exchange_over_http>(state_);
  std::erase_if(state_->open, [](const auto& each) { return each.expired(); });
  state_->open.push_back(one);
  ended.set([weak = std::weak_ptr(one)] {
    if (const auto open = weak.lock()) open->abandon();
  });
  co_await one->run(std::move(request));
  co_return one;
}

}  // namespace longhaul::remote
