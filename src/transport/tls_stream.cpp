// SPDX-License-Identifier: Apache-2.0
// TLS right on the socket, not through Asio's stream: that one moves every byte through a pair of
// buffers of 17 KiB each, and sees the peer leave only while a read has a buffer of its own.
//
//   open     SSL_accept until it is done; what comes instead of TLS is told so in plain text
//   read     SSL_read; when that wants more bytes, wait for the socket to have some
//   watch    wait for the socket, then SSL_peek: a record may hold nothing for us (a ticket, an
//            alert, half a message), then it waits again
//   close    one close_notify, if a write has not been left in the middle
//
// After an error of the protocol nothing more is asked of OpenSSL.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "transport/tcp_stream.hpp"
#include "transport/tls_identity.hpp"
#include "transport/tunables.hpp"

namespace longhaul::transport {
namespace {

namespace asio = boost::asio;

constexpr std::string_view speaks_tls =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    "Content-Length: 41\r\n\r\nthis port speaks TLS: use https:// URLs.\n";

class tls_stream final : public tcp_stream {
 public:
  tls_stream(tcp_socket plain, ssl_ctx_st& context)
      : tcp_stream(std::move(plain)), ssl_(SSL_new(&context), &SSL_free) {
    error_code ignored;
    socket().non_blocking(true, ignored);
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket().native_handle()) != 1) throw std::bad_alloc();
    SSL_set_accept_state(ssl_.get());
  }

  asio::awaitable<void> open(error_code& error) override;
  asio::awaitable<std::size_t> read(std::span<char> room, error_code& error) override;
  std::size_t read_at_once(std::span<char> room, error_code& error) override;
  std::size_t write(const pieces& bytes, error_code& error) override;
  void watch(std::shared_ptr<stream_watcher> watcher) override;
  void end_sending() override;

 private:
  enum class condition : std::uint8_t { opening, working, ended, broken };

  // Why a call of OpenSSL did not work. None: it has to wait.
  error_code fault_of(int result);
  void refuse_plain_http();
  bool something_to_read();

  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  condition condition_ = condition::opening;
  bool half_written_ = false;  // a record that the socket has not taken whole
  int reads_in_a_row_ = 0;     // that found something at once
};

stream::error_code tls_stream::fault_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return asio::error::eof;
    case SSL_ERROR_SYSCALL:
      condition_ = condition::broken;
      return asio::error::connection_reset;
    default:
      condition_ = condition::broken;
      return {static_cast<int>(ERR_peek_error()), asio::error::get_ssl_category()};
  }
}

// A close with unread bytes would reset the connection, and the client might lose the reply.
void tls_stream::refuse_plain_http() {
  error_code ignored;
  tcp_stream::write({speaks_tls, {}}, ignored);
  std::array<char, tunables::head_chunk> dropped{};
  for (std::size_t taken = 0; taken < tunables::dropped_body;) {
    const std::size_t got = tcp_stream::read_at_once(dropped, ignored);
    if (got == 0) return;
    taken += got;
  }
}

asio::awaitable<void> tls_stream::open(error_code& error) {
  while (!error) {
    ERR_clear_error();
    const int result = SSL_accept(ssl_.get());
    if (result == 1) {
      condition_ = condition::working;
      co_return;
    }
    const bool to_write = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_WRITE;
    const bool plain = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    error = fault_of(result);
    if (error) {
      if (plain) refuse_plain_http();
      co_return;
    }
    co_await socket().async_wait(to_write ? tcp_socket::wait_write : tcp_socket::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
  }
}

// A peer that sends faster than it is read must not keep the loop from its sweep and the others.
asio::awaitable<std::size_t> tls_stream::read(std::span<char> room, error_code& error) {
  while (true) {
    const std::size_t got = read_at_once(room, error);
    if (error) co_return got;
    if (got > 0) {
      if (++reads_in_a_row_ >= tunables::reads_in_a_row) {
        reads_in_a_row_ = 0;
        co_await asio::post(socket().get_executor(), asio::use_awaitable);
      }
      co_return got;
    }
    reads_in_a_row_ = 0;
    co_await socket().async_wait(tcp_socket::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return 0;
  }
}

std::size_t tls_stream::read_at_once(std::span<char> room, error_code& error) {
  if (condition_ == condition::broken) {
    error = asio::error::connection_reset;
    return 0;
  }
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &got);
  if (result != 1) error = fault_of(result);
  return got;
}

std::size_t tls_stream::write(const pieces& bytes, error_code& error) {
  std::size_t all = 0;
  for (std::string_view rest : bytes) {
    while (!rest.empty()) {
      if (condition_ != condition::working) {
        error = asio::error::broken_pipe;
        return all;
      }
      ERR_clear_error();
      std::size_t put = 0;  // one record at a time
      const int result = SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &put);
      half_written_ = result != 1;
      if (result != 1) {
        error = fault_of(result);
        return all;
      }
      all += put;
      rest.remove_prefix(put);
    }
  }
  return all;
}

// The peer's leaving is something to read, too.
bool tls_stream::something_to_read() {
  if (condition_ == condition::broken) return true;
  ERR_clear_error();
  char first = 0;
  std::size_t got = 0;
  const int result = SSL_peek_ex(ssl_.get(), &first, 1, &got);
  return result == 1 || fault_of(result).failed();
}

void tls_stream::watch(std::shared_ptr<stream_watcher> watcher) {
  if (something_to_read()) {
    asio::post(socket().get_executor(),
               [kept = std::move(watcher)] { kept->on_readable(error_code()); });
    return;
  }
  socket().async_wait(tcp_socket::wait_read,
                      [this, kept = std::move(watcher)](const error_code& error) mutable {
                        if (error) return kept->on_readable(error);
                        watch(std::move(kept));
                      });
}

void tls_stream::end_sending() {
  if (condition_ == condition::working && !half_written_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    condition_ = condition::ended;
  }
  tcp_stream::end_sending();
}

}  // namespace

std::unique_ptr<stream> make_tls_stream(tcp_socket socket, ssl_ctx_st& context) {
  return std::make_unique<tls_stream>(std::move(socket), context);
}

}  // namespace longhaul::transport
