// SPDX-License-Identifier: Apache-2.0
// The two ends of a connection's bytes: plain TCP, or TLS over it. Whoever uses it sees no socket
// and no ciphertext.
//
// Reading waits for bytes. Writing never waits: it takes what goes at once, and `wait_writable`
// says when more does. `watch` tells of bytes, or of the peer's leaving, without taking anything:
// it costs no buffer while a request waits for hours.
//
// Threads: the connection's. A read, a write and a watch may be under way at once, one of each.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace longhaul::transport {

using loop_executor = boost::asio::io_context::executor_type;
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, loop_executor>;

/// What is written as one: a head, and a body that was too large to be copied behind it, or
/// nothing.
using pieces = std::array<std::string_view, 2>;

class stream_watcher {
 public:
  virtual ~stream_watcher() = default;
  /// Bytes can be read, or the peer has left (reading tells which). With an error the watch ended.
  virtual void on_readable(const boost::system::error_code& error) = 0;
};

class stream {
 public:
  using error_code = boost::system::error_code;

  virtual ~stream() = default;

  /// What comes before the first byte: nothing, or the handshake. An error: nothing can follow.
  virtual boost::asio::awaitable<void> open(error_code& error) = 0;
  /// Waits for bytes; how many came. `eof`: the peer will send no more.
  virtual boost::asio::awaitable<std::size_t> read(std::span<char> room, error_code& error) = 0;
  /// The same of what is there already; 0 without an error: nothing is.
  virtual std::size_t read_at_once(std::span<char> room, error_code& error) = 0;
  /// Takes what goes at once; 0 without an error: nothing does just now. What was not taken is
  /// offered again, with nothing before it.
  virtual std::size_t write(const pieces& bytes, error_code& error) = 0;
  /// Until more can be written.
  virtual boost::asio::awaitable<void> wait_writable(error_code& error) = 0;
  /// Calls `watcher` once, later. It keeps the stream alive.
  virtual void watch(std::shared_ptr<stream_watcher> watcher) = 0;
  /// Whether the peer has left, behind bytes that nobody reads for now.
  virtual bool peer_has_left() = 0;
  /// What waits ends with an error.
  virtual void cancel() = 0;
  /// Says that no more will be sent. Reading goes on.
  virtual void end_sending() = 0;
  virtual void close() = 0;
};

/// Takes a connected socket.
std::unique_ptr<stream> make_tcp_stream(tcp_socket socket);

}  // namespace longhaul::transport
