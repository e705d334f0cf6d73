// SPDX-License-Identifier: Apache-2.0
// A connection to a name: to whichever of its addresses answers first. IPv6 and IPv4 take turns,
// each begins a moment after the one before it, so that a network that swallows one of both costs
// that moment and no more (RFC 8305 "Happy Eyeballs").
//
// Threads: that of the io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace longhaul::remote {

class dial : public std::enable_shared_from_this<dial> {
 public:
  using socket = boost::asio::ip::tcp::socket;
  using endpoint = boost::asio::ip::tcp::endpoint;
  using error_code = boost::system::error_code;

  explicit dial(boost::asio::io_context& context);

  /// Once. Gives the socket, or the error of the address that failed last; `stop` makes it
  /// `operation_aborted`, also while the name is looked up.
  boost::asio::awaitable<socket> run(std::string host, std::string port, error_code& error);
  /// The same where the addresses are known.
  boost::asio::awaitable<socket> run(std::vector<endpoint> to, error_code& error);
  void stop();

 private:
  void begin(std::vector<endpoint> to);
  void try_next();
  void on_connected(std::size_t which, const error_code& error);
  void finish(const error_code& error, std::size_t which);
  boost::asio::awaitable<socket> wait_for_end(error_code& error);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer turn_, end_;
  std::vector<endpoint> to_;
  std::vector<socket> tried_;  // by the order of `to_`
  std::size_t failed_ = 0, first_ = 0;
  error_code result_;
  bool over_ = false;
};

/// One of each family by turns, in the order that they have; the family of the first is first.
std::vector<dial::endpoint> by_turns(const std::vector<dial::endpoint>& all);

}  // namespace longhaul::remote
