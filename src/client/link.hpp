// SPDX-License-Identifier: Apache-2.0
// The way to a server: carries whole messages, and brings each reply to whoever sent its request.
// It knows no method; what a message needs beside its text (headers) comes with it.
//
// Threads: that of the io_context.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "client/http_client.hpp"
#include "longhaul/client_error.hpp"
#include "longhaul/error_codes.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::remote {

struct outgoing {
  outgoing() = default;  // no aggregate: it is handed to coroutines

  std::string id;      ///< JSON of a request's id; empty: a notification or a response
  std::string method;  ///< empty: a response
  std::string body;    ///< the message
  header_list headers = {};
  /// How long the whole may take, null: for ever. Whoever calls `link::request` sees to it; `send`
  /// does it itself.
  std::optional<std::chrono::milliseconds> reply_time = std::nullopt;
  bool repeatable = false;  ///< may be sent again after a connection was lost
};

/// An error with what only we look at.
class request_error : public client_error {
 public:
  using client_error::client_error;
  /// Of one that may be a `request_error`: nothing of it is lost.
  request_error(const client_error& from);
  /// The same with another text.
  request_error(const request_error& from, const std::string& text);

  bool by_http = false;  ///< the server answered with an HTTP status and no message
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  std::string said = {};  ///< the message of a JSON-RPC error, in the server's words
};

/// "Later, please": ours say so with a time.
inline bool is_busy(const client_error& e) noexcept {
  return e.why() == client_error::kind::refused && e.code() == error_codes::busy;
}

class link {
 public:
  /// Takes a message that is not the reply to a request (or to one that was given up), with the id
  /// of the request on whose stream it came (empty: on none).
  using listener = std::function<void(raw_json message, const std::string& asked)>;

  virtual ~link() = default;
  /// Gives the response, a whole message. Requires: an id that is not under way. Throws
  /// `request_error`, `client_error`.
  virtual awaitable<raw_json> request(outgoing message, interruption& ended) = 0;
  /// A notification or a response. Throws the same.
  virtual awaitable<void> send(outgoing message) = 0;
  /// A session has begun, with what each request of it needs: streams that are nobody's reply are
  /// listened to from now on.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that have sessions move it
  virtual void begin_session(header_list /*headers*/) {}
  /// What a session needs is forgotten.
  virtual void end_session() {}
  /// Statuses of HTTP tell things; else only messages do.
  virtual bool http() const noexcept = 0;
  /// The server has given this session an id, which may be over.
  virtual bool has_session() const noexcept { return false; }
  /// Leaving a request is a message of its own; false: that its stream ends says it.
  virtual bool leaves_by_message() const noexcept = 0;
  /// Another number than before: the server has ended, and what it was told is forgotten.
  virtual std::uint64_t generation() const noexcept { return 0; }
  /// The server begins anew, where it is a program of ours.
  virtual awaitable<void> restart() { co_return; }
  virtual awaitable<void> close() = 0;
  /// For people.
  virtual std::string name() const = 0;
};

/// Reads one message as it came. Throws `client_error`, `broken`, that shows what came instead.
raw_json read_message(std::string_view text, std::string_view from);
/// As it is shown of what a server sent: one line, cut, without control characters.
std::string shown(std::string_view text);

}  // namespace longhaul::remote
