// SPDX-License-Identifier: Apache-2.0
#include "transport/tcp_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace longhaul::transport {
namespace {

namespace asio = boost::asio;
using error_code = stream::error_code;

// Of a call that did not work: 0, and `error` unless it only would have to wait.
std::size_t not_done(error_code& error) {
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (!later) error.assign(errno, boost::system::system_category());
  return 0;
}

}  // namespace

asio::awaitable<void> tcp_stream::open(error_code&) { co_return; }

// Not a coroutine itself: the operation's own frame is the only one.
asio::awaitable<std::size_t> tcp_stream::read(std::span<char> room, error_code& error) {
  return socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                 asio::redirect_error(asio::use_awaitable, error));
}

std::size_t tcp_stream::read_at_once(std::span<char> room, error_code& error) {
  const ssize_t got = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
  if (got < 0) return not_done(error);
  if (got == 0) error = asio::error::eof;
  return static_cast<std::size_t>(got);
}

std::size_t tcp_stream::write(const pieces& bytes, error_code& error) {
  // sendmsg reads what they point to, whatever its type says.
  std::array<iovec, 2> parts = {iovec{const_cast<char*>(bytes[0].data()), bytes[0].size()},
                                iovec{const_cast<char*>(bytes[1].data()), bytes[1].size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = bytes[1].empty() ? 1 : 2;
  const ssize_t put = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return put < 0 ? not_done(error) : static_cast<std::size_t>(put);
}

asio::awaitable<void> tcp_stream::wait_writable(error_code& error) {
  return socket_.async_wait(tcp_socket::wait_write,
                            asio::redirect_error(asio::use_awaitable, error));
}

void tcp_stream::watch(std::shared_ptr<stream_watcher> watcher) {
  socket_.async_wait(tcp_socket::wait_read, [kept = std::move(watcher)](const error_code& error) {
    kept->on_readable(error);
  });
}

bool tcp_stream::peer_has_left() {
  pollfd state{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

void tcp_stream::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void tcp_stream::end_sending() {
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
}

void tcp_stream::close() {
  if (!socket_.is_open()) return;
  end_sending();
  error_code ignored;
  socket_.close(ignored);
}

std::unique_ptr<stream> make_tcp_stream(tcp_socket socket) {
  return std::make_unique<tcp_stream>(std::move(socket));
}

}  // namespace longhaul::transport
