// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as a client of one origin, plain or over TLS: one request, one reply whose body comes
// piece by piece. Connections are kept and used again. Boost.Beast stays behind this door.
//
//   send ──► exchange: head() ──► next() … next() = "" ──► the connection is idle, or closed
//
// Threads: that of the io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/http_url.hpp"

namespace longhaul::remote {

template <class T>
using awaitable = boost::asio::awaitable<T>;

using header_list = std::vector<std::pair<std::string, std::string>>;

/// What HTTP can carry: no line ends in it, and no more than servers take.
bool is_header(std::string_view name, std::string_view value) noexcept;

struct http_request {
  http_request() = default;  // no aggregate: it is handed to coroutines

  std::string method = "POST";
  std::string target;
  header_list headers;  ///< Host and Content-Length are added
  std::string body;
  /// It may meet a connection that the server has just closed, and is sent again then.
  bool repeatable = false;
};

struct http_head {
  int status = 0;
  std::string content_type;  ///< in lower case, without parameters
  std::string session, location, retry_after, authenticate;
};

/// A request that is under way. Destroying it gives it up.
class http_exchange {
 public:
  virtual ~http_exchange() = default;
  virtual const http_head& head() const noexcept = 0;
  /// What came of the body; empty: it is over. Throws `client_error`, `lost`.
  virtual awaitable<std::string> next() = 0;
  /// Whoever awaits it gets `client_error`, `left`. Any number of times.
  virtual void abandon() noexcept = 0;
};

/// Lets somebody else end what a coroutine waits for.
class interruption {
 public:
  void set(std::function<void()> end) { end_ = std::move(end); }
  void clear() noexcept { end_ = nullptr; }
  /// Once. Does nothing if nobody waits.
  void fire() {
    if (const auto end = std::exchange(end_, nullptr)) end();
  }

 private:
  std::function<void()> end_;
};

struct http_limits {
  std::chrono::milliseconds connect_time{10'000};
  std::string ca_file;
};

class http_client {
 public:
  /// Throws `std::invalid_argument` if the authorities cannot be read.
  http_client(boost::asio::io_context& context, http_url origin, const http_limits& limits);
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Returns when the head of the reply has come, which may take for ever. `ended`: is set
  /// meanwhile, and leaves. Throws `client_error`: `unreachable` if nothing was sent, `lost`,
  /// `left`, `broken` (no HTTP; a header that is none).
  awaitable<std::shared_ptr<http_exchange>> send(http_request request, interruption& ended);
  /// Connections that are kept are not used again: one of them was out of step.
  void drop_idle() noexcept;
  /// All connections, and what is under way.
  void close() noexcept;

  struct state;

 private:
  std::shared_ptr<state> state_;
};

}  // namespace longhaul::remote
