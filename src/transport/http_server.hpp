// SPDX-License-Identifier: Apache-2.0
// Streamable HTTP, over plain TCP or TLS: threads with one `io_context` each, connections handed
// out in turn. No user code runs on these threads. What the bytes mean is the endpoint's business.
//
// Shutdown: no more connections, open subscriptions end, running exchanges are answered, the rest
// is closed after a grace.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/identifier.hpp"
#include "base/log.hpp"
#include "longhaul/limits.hpp"
#include "transport/http_meters.hpp"
#include "transport/tunables.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::transport {

class tls_identity;

/// What is shown to whoever may ask at all, without asking who that is. Lives as long as the
/// server.
struct static_page {
  std::string_view path, content_type, body;
};

struct http_options {
  std::string address = "127.0.0.1";  ///< an IP address
  std::uint16_t port = 0;             ///< 0: a free one, see `http_server::port`
  std::size_t threads = 0;            ///< 0: one a core, at most 4
  std::string path = "/mcp";
  /// The endpoint has all that lies below the path as well. Then it is the one who says what is not
  /// there.
  bool whole_tree = false;
  std::string_view methods = wire::http_methods;  ///< that the endpoint takes
  std::span<const static_page> pages = {};        ///< beside it
  std::string_view reply_lines = {};  ///< headers of every reply, each with its line break
  /// How the transport's own refusals look; null: as JSON-RPC errors.
  std::function<std::string(int status, std::string_view message)> error_body = {};
  std::vector<std::string> hosts = {};    ///< more names allowed in Host
  std::vector<std::string> origins = {};  ///< more origins of web pages that may use this server
  bool own_pages = false;  ///< … and of others none: not those of other servers of this machine
  std::size_t max_body = tunables::max_body;  ///< bytes
  /// Bytes that all bodies which are being read may hold together; beyond it requests get 503.
  std::size_t max_body_memory = defaults::max_body_memory;
  /// The same of those that were read and wait for their replies.
  std::size_t max_open_body_memory = tunables::open_body_memory;
  std::size_t max_header = tunables::max_header;  ///< bytes
  std::size_t max_connections = tunables::max_connections;
  std::size_t stream_buffer = tunables::stream_buffer;  ///< bytes
  std::chrono::milliseconds head_time = tunables::head_time;
  std::chrono::milliseconds body_time = tunables::body_time;
  std::chrono::milliseconds idle_time = tunables::idle_time;
  std::chrono::milliseconds write_stall_time = tunables::write_stall_time;
  std::chrono::milliseconds keep_alive_comment = tunables::keep_alive_comment;
  std::chrono::milliseconds sweep_interval = tunables::sweep_interval;
  /// Why the server is not ready to serve; empty: it is. Any transport thread. /readyz tells it to
  /// whoever asks, without the paths that stand in it; those are for the log.
  std::function<std::string()> not_ready = {};
  /// Who sends a request to the MCP path; null: all are anonymous.
  std::shared_ptr<const auth::identifier> identifier = {};
  /// Who this server is over TLS; null: it serves plain TCP.
  std::shared_ptr<const tls_identity> tls = {};
  /// Who was refused, and what went wrong inside.
  logger log = {};
};

class http_server {
 public:
  /// Binds and listens. Throws `std::system_error` or `std::invalid_argument` (no IP address).
  http_server(http_options options, wire::http_endpoint& endpoint);
  /// Stops without a grace.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  void start();
  std::uint16_t port() const noexcept;
  /// `http://ADDRESS:PORT/PATH`, `https://…` over TLS.
  std::string url() const;
  std::size_t connections() const noexcept;
  /// Any thread.
  wire::http_figures figures() const;

  /// Ends everything as said above; returns when all threads have ended. Idempotent; not from a
  /// thread of the server.
  void stop(std::chrono::milliseconds grace);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace longhaul::transport
