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
#include "longhaul/raw_json.hpp"

namespace longhaul::remote {

struct outgoing {
  outgoing() = default;  // no aggregate: it is handed to coroutines

  std::string id;      ///< JSON of a request's id; empty: a notification or a response
  std::string method;  ///< empty: a response
  std::string body;    ///< the message
  header_list headers = {};
  /// How long the reply may take to begin; null: for ever.
  std::optional<std::chrono::milliseconds> reply_time = std::nullopt;
  bool repeatable = false;  ///< may be sent again after a connection was lost
};

/// The server answered something that is no message, with an HTTP status.
class http_refusal : public client_error {
 public:
  http_refusal(kind why, const std::string& text, int status,
               std::optional<std::chrono::milliseconds> wait)
      : client_error(why, text, status), retry_after(wait) {}
  const std::optional<std::chrono::milliseconds> retry_after;
};

class link {
 public:
  /// Takes a message that is not the reply to a request, with the id of the request on whose stream
  /// it came (empty: on none).
  using listener = std::function<void(raw_json message, const std::string& asked)>;

  virtual ~link() = default;
  /// Gives the response, a whole message. Requires: an id that is not under way. Throws
  /// `client_error`; `http_refusal`.
  virtual awaitable<raw_json> request(outgoing message, interruption& ended) = 0;
  /// A notification or a response. Throws the same.
  virtual awaitable<void> send(outgoing message) = 0;
  /// A session has begun, with what each request of it needs: streams that are nobody's reply are
  /// listened to from now on.
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
  virtual awaitable<void> close() = 0;
  /// For people.
  virtual std::string name() const = 0;
};

/// Reads one message as it came. Throws `client_error`, `broken`, that shows what came instead.
raw_json read_message(std::string_view text, std::string_view from);
/// As it is shown of what a server sent: one line, cut, without control characters.
std::string shown(std::string_view text);

}  // namespace longhaul::remote
