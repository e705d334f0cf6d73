// SPDX-License-Identifier: Apache-2.0
// A stream that is its socket. `tls_stream` stands on it.
#pragma once

#include "transport/stream.hpp"

namespace longhaul::transport {

class tcp_stream : public stream {
 public:
  explicit tcp_stream(tcp_socket socket) : socket_(std::move(socket)) {}

  boost::asio::awaitable<void> open(error_code& error) override;
  boost::asio::awaitable<std::size_t> read(std::span<char> room, error_code& error) override;
  std::size_t read_at_once(std::span<char> room, error_code& error) override;
  std::size_t write(const pieces& bytes, error_code& error) override;
  boost::asio::awaitable<void> wait_writable(error_code& error) override;
  void watch(std::shared_ptr<stream_watcher> watcher) override;
  bool peer_has_left() override;
  void cancel() override;
  void end_sending() override;
  void close() override;

 protected:
  tcp_socket& socket() noexcept { return socket_; }

 private:
  tcp_socket socket_;
};

}  // namespace longhaul::transport
