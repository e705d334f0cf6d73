// SPDX-License-Identifier: Apache-2.0
// The one interface between transports and the wire: bytes and header values in, bytes and an HTTP
// status out. A transport knows no method name and no protocol version; the wire knows no socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "auth/caller.hpp"

namespace longhaul::wire {

template <class T>
using awaitable = boost::asio::awaitable<T>;

/// One server-sent event of a stream that can be taken up again. With an id and no data it says
/// where the stream begins, and carries no message. With neither it is a comment: the reply begins.
struct stream_event {
  std::string id{};                                  ///< empty: none
  std::shared_ptr<const std::string> data{};         ///< one JSON-RPC message; no line breaks
  std::optional<std::chrono::milliseconds> retry{};  ///< before the client may come again
};

/// Whether a message may be refused while the peer is slow.
enum class urgency : std::uint8_t {
  news,         ///< yes: a later one says it better
  must_arrive,  ///< no: who sends it bounds how much waits
};

/// Where messages of one exchange go before its final reply (HTTP: server-sent events on the reply
/// of this POST; stdio: the pipe). Owned by shared pointers; outlives the connection: once that is
/// gone, messages are dropped. Thread-safe, never blocks.
class outlet {
 public:
  virtual ~outlet() = default;

  /// Sends one JSON-RPC message (no line breaks). False: it was dropped, because the peer is gone
  /// or too slow (the bounded buffer is full).
  virtual bool send(std::string message) = 0;

  /// The same of an event. HTTP only.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that have events move it
  virtual bool send_event(stream_event /*event*/, urgency /*how*/) { return false; }

  /// Ends the reply behind what was sent so far, and the connection with it; the exchange goes on,
  /// and what it answers is dropped. Any thread. HTTP only.
  virtual void end_stream() {}

  /// Sends a reply, which must not be dropped because the peer is slow. Pipes only (on HTTP the
  /// reply is what `handle` returns); what bounds them is the number of open exchanges.
  virtual void send_reply(std::string message) { send(std::move(message)); }

  /// True while the peer should be given no more to wait for: too much waits for it to read, or is
  /// being dealt with. Calls are to be refused then (31004). Pipes only.
  virtual bool crowded() const { return false; }

  /// Says that the reply may take long: from now on the transport watches for the client leaving
  /// and sends keep-alives. Called at most once, on the exchange's executor.
  virtual void expect_wait() = 0;

  /// Says that the client takes no stream: nothing but the reply is sent, however long it takes.
  /// Called before `expect_wait`, on the exchange's executor. HTTP only.
  virtual void only_reply() {}

  /// `callback` is called at most once, on the exchange's executor, when the client left before the
  /// reply was complete. Setting an empty one detaches. Called on the exchange's executor.
  virtual void on_gone(std::function<void()> callback) = 0;
};

/// What a transport passes on of one HTTP request. Views are valid until the reply is complete.
/// Header values come without leading and trailing white space; absent headers are null, repeated
/// ones are marked in `repeated_header`.
struct http_request {
  std::string_view method;                             ///< "POST", "GET", "DELETE", …
  std::string_view target{};                           ///< as it was sent, with its query
  std::optional<std::string_view> protocol_version{};  ///< MCP-Protocol-Version
  std::optional<std::string_view> session_id{};        ///< Mcp-Session-Id
  std::optional<std::string_view> mcp_method{};        ///< Mcp-Method
  std::optional<std::string_view> mcp_name{};          ///< Mcp-Name
  std::optional<std::string_view> content_type{};      ///< Content-Type
  std::optional<std::string_view> accept{};            ///< Accept
  std::optional<std::string_view> authorization{};     ///< Authorization
  std::optional<std::string_view> last_event_id{};     ///< Last-Event-ID
  std::optional<std::string_view> traceparent{}, tracestate{}, baggage{};  ///< W3C Trace Context
  /// Mcp-Param-*: the name after the prefix (case as received) and the value.
  std::span<const std::pair<std::string_view, std::string_view>> mcp_params{};
  /// The first of the headers above that came twice with different values, or empty.
  std::string_view repeated_header{};
  std::string_view peer_address{};  ///< IP address without port
  /// It came through a proxy: it has Forwarded, X-Forwarded-*, X-Real-IP or Via.
  bool forwarded = false;
  /// Who asks. The transport found out before it calls `admit`.
  std::shared_ptr<const auth::caller> caller{};
};

/// The methods of HTTP that the MCP path takes, as `Allow` says it everywhere. The transport
/// answers all others, and OPTIONS.
inline constexpr std::string_view http_methods = "GET, POST, DELETE, OPTIONS";

/// What the reply to a request is in, unless its endpoint says otherwise.
inline constexpr std::string_view json_type = "application/json";

/// The final reply. Of a GET it ends the stream. If messages went through the outlet before, `body`
/// is the last of the stream and the status stays 200.
struct http_reply {
  int status = 200;
  std::string body{};  ///< one JSON value, or what `content_type` says; empty: none
  std::string_view content_type = json_type;
  std::string lines{};             ///< more headers, each with its line break
  std::string session_id{};        ///< if not empty: sent as Mcp-Session-Id
  std::string event_id{};          ///< of the body, where it is the last of a stream
  std::string allow{};             ///< if not empty: sent as Allow (405)
  int retry_after = 0;             ///< seconds; if not 0: sent as Retry-After (503)
  std::string www_authenticate{};  ///< if not empty: sent as WWW-Authenticate (401)
};

/// Handles HTTP requests on the MCP path, each in two steps.
class http_endpoint {
 public:
  virtual ~http_endpoint() = default;
  /// Judges a request by its head alone, before anything of its body is taken: content type, and
  /// what a revision makes of the method. A reply: it is refused with that. Null: `handle` is to be
  /// called with this request. Must not block; never throws. By itself it admits everything.
  /// Requires: the method is one of `http_methods` but OPTIONS, and `caller` is set.
  virtual std::optional<http_reply> admit(const http_request& head);
  /// Requires: `request` was admitted. `body` is the whole body. Never throws.
  virtual awaitable<http_reply> handle(const http_request& request, std::string body,
                                       std::shared_ptr<outlet> out) = 0;
  /// Starts to refuse new work and ends open subscriptions gracefully; running exchanges go on.
  virtual void shut_down() = 0;
};

inline std::optional<http_reply> http_endpoint::admit(const http_request&) { return std::nullopt; }

/// Handles one pipe (stdio). One object a pipe.
class pipe_endpoint {
 public:
  virtual ~pipe_endpoint() = default;
  /// Handles one line without its line break. What is to be answered goes to the outlet given at
  /// construction. Completes when the message was fully dealt with; up to its first suspension it
  /// runs in order with the messages before. Never throws.
  virtual awaitable<void> handle(std::string line) = 0;
  /// The answer to a line that is longer than what is taken, by its first bytes; empty: one without
  /// an id. Any thread.
  virtual std::string refuse_long(std::string_view beginning) const {
    static_cast<void>(beginning);
    return {};
  }
  /// Ends open subscriptions gracefully.
  virtual void shut_down() = 0;
  /// Nobody is there to read replies any more: cancels the calls, and ends the waits, that have
  /// been open for `age` or longer. What ended already may still be answered. The thread of
  /// `handle`.
  virtual void leave(std::chrono::milliseconds age) { static_cast<void>(age); }
};

}  // namespace longhaul::wire
