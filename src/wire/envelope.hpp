// SPDX-License-Identifier: Apache-2.0
// What HTTP and pipes have in common: from one validated text to its reply, whatever it holds.
//
//   text ──► not JSON, no message: refused to its id
//     │
//     ├─ array ──► each message, in a session that takes arrays
//     │
//     └─ message ──► era ──► stateless: request ──► its method
//                     │                 notification: taken; response: refused
//                     │
//                     └───► legacy ──► initialize begins a session
//                                      response: the answer to a question
//                                      notification: initialized, cancelled
//                                      request, its id held open ──► its method
//
// The endpoint says where a session is found, and what it checks before (headers; a crowded pipe).
//
// Threads: a `carrier` belongs to the coroutine of its text; everything shared is thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/tunables.hpp"
#include "wire/context.hpp"
#include "wire/endpoint.hpp"
#include "wire/methods/initialize.hpp"
#include "wire/sessions.hpp"

namespace longhaul::wire {

/// What carries one text: an HTTP request or a line.
struct carrier {
  const serving::caller& who;
  std::shared_ptr<outlet> out;
  const http_request* http = nullptr;  ///< null: a pipe
  bool wait_announced = false;
  bool streams = true;                               ///< messages may be sent before the reply
  bool in_array = false;                             ///< the message at hand is one of several
  std::shared_ptr<session> client = nullptr;         ///< once it is found
  std::shared_ptr<session> begun = nullptr;          ///< on a pipe: by this message
  std::shared_ptr<request_stream> stream = nullptr;  ///< in a session over HTTP: what `out` is then
  serving::entry_ptr tool = nullptr;                 ///< that is called, once it is looked up
  request_meta meta = {};                            ///< of the message at hand
};

class envelope {
 public:
  envelope(serving::dispatcher& server, const endpoint_options& options)
      : shared_(server, options) {}
  virtual ~envelope() = default;

 protected:
  /// Answers a text in place. Throws only what handling throws (`refuse_failure` is for that).
  awaitable<wire_reply> answer(carrier& from, std::string& text);
  /// The refusal of a text, to its ids.
  wire_reply refuse_malformed(const carrier& from, const malformed& fault, int status = 400);
  wire_reply refuse_array(const carrier& from, json::value array, std::string_view words,
                          int status = 400);
  /// Ends open subscriptions, and refuses new calls from now on.
  void stop();

  context shared_;

 private:
  virtual era era_of(const carrier& from, const message& text) const = 0;
  /// Before a stateless request is answered. Null: go on; `from.tool` may be set.
  virtual std::optional<wire_reply> check_stateless(carrier& from, const message& request) = 0;
  /// Before a legacy message (but `initialize`) is taken. Null: go on, in `from.client`.
  virtual std::optional<wire_reply> find_session(carrier& from, const message& text) = 0;
  /// The same for an array of messages.
  virtual std::optional<wire_reply> find_session_for_array(carrier& from, json::value array) = 0;
  virtual wire_reply begin_session(carrier& from, const message& request,
                                   const initialization& wanted) = 0;
  /// Where ids of requests are held open; null: they are scoped to their exchange.
  virtual std::shared_ptr<open_requests> requests_of(const carrier& from) const = 0;
  /// Before anything of a request is done: null, or why not now.
  virtual std::optional<wire_reply> refuse_crowded(const message& request) const = 0;
  virtual bool null_error_ids(const carrier& from) = 0;

  awaitable<wire_reply> take_message(carrier& from, const message& text);
  awaitable<wire_reply> take_legacy(carrier& from, const message& text);
  awaitable<wire_reply> take_request(carrier& from, const message& request,
                                     const revision_look& look);
  awaitable<wire_reply> take_array(carrier& from, json::value array);
  wire_reply initialize(carrier& from, const message& request);
  void take_notification(const carrier& from, const message& notification) const;
  wire_reply refuse_era(const carrier& from, const message& text, era spoken) const;
  static void tell_news(carrier& from, const message& request);
};

inline constexpr std::string_view header_twice_words = "Invalid request: a header comes twice";
inline constexpr std::string_view unknown_version_words =
    "Invalid request: MCP-Protocol-Version is not one that is served here (2026-07-28, 2025-11-25, "
    "2025-06-18, 2025-03-26)";

/// The refusal of a message: a request gets an error, everything else a status and nothing to read,
/// because nobody asked for an answer.
wire_reply refuse_message(int status, int error_code, std::string_view words, const message& text);

}  // namespace longhaul::wire
