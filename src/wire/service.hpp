// SPDX-License-Identifier: Apache-2.0
// What the dialects share: the server below, the keys, and one request on its way through them.
//
// Threads: `service` and `open_streams` are thread-safe; an `incoming` belongs to its coroutine.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/dispatcher.hpp"
#include "wire/endpoint.hpp"
#include "wire/endpoints.hpp"
#include "wire/era.hpp"
#include "wire/jsonrpc.hpp"
#include "wire/secrets.hpp"
#include "wire/sessions.hpp"

namespace longhaul::wire {

/// Open subscriptions, which end gracefully when the server stops.
class open_streams {
 public:
  /// False: the server stops already.
  bool add(const std::shared_ptr<serving::exchange>& stream);
  void shut_down();

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<serving::exchange>> streams_;
  bool stopping_ = false;
};

struct service {
  service(serving::dispatcher& dispatcher, const endpoint_options& options);

  serving::dispatcher& server;
  const clock_source& clock;
  const question_ids questions;
  const state_sealer states;
  const logger log;
  open_streams streams;
  std::atomic<bool> stopping{false};

 private:
  service(serving::dispatcher& dispatcher, const endpoint_options& options,
          const std::vector<std::string>& secrets);
};

/// One request on its way through a dialect.
struct incoming {
  const message& call;
  const request_meta& meta;
  const serving::caller& who;
  const std::shared_ptr<outlet>& out;
  open_request& open;    ///< its id in its session or pipe
  bool& wait_announced;  ///< of the HTTP request, which may carry several of these (an array)
  bool pipe = false;     ///< no HTTP: no status, no peer to watch
  bool streams = true;   ///< messages may be sent before the reply
};

/// An HTTP status (pipes ignore it) and one message; an empty one: nothing is sent.
struct wire_reply {
  int status = 200;
  std::string body{};
};

/// Requests that end at once, and may free what others wait for: ping, tasks/cancel, initialize.
bool is_urgent(const message& what);
/// The reply to a request whose id could not be opened: −32600 if it is in use, else busy.
wire_reply refuse_to_open(const message& what, opening why);
/// The refusal of a text whose handling failed, to whatever ids can be found in it: busy if there
/// was no memory, with `busy_data`, else −32603.
malformed refuse_failure(std::string_view text, bool no_memory);
std::string busy_data();
/// True if this array of messages may be taken in this session.
bool takes_array(const session& of, json::value batch);
inline constexpr std::string_view array_not_taken =
    "Invalid request: an array of messages is taken only in sessions of 2025-03-26, with 1 to 100 "
    "messages";

/// Keys of answers in `inputResponses`: what is no object counts as not given.
/// Null: `responses` itself is no object, or has too many members.
std::optional<std::vector<stores::response>> read_responses(json::value responses);

/// Bytes of a validated value to keep, on one line.
raw_json keep(json::value value);
/// What a task keeps of the `_meta` of its call: the members that are used later (progress token,
/// trace context), each as long as all of them stay within `tunables::kept_meta`.
raw_json keep_meta(json::value meta);

/// Reads the idempotency key. Null: there is a fault, and `fault` says which.
std::optional<std::string> read_idempotency_key(const request_meta& meta,
                                                const serving::caller& who,
                                                std::string_view& fault);

/// What every dialect does alike with what happens while a request is open: announces the wait.
class stream_audience : public serving::audience {
 public:
  explicit stream_audience(const incoming& in) : in_(in) {}
  void waiting() override;

 protected:
  /// False: the peer is gone or too slow. True without sending if this request takes no messages.
  bool send(std::string text);
  const incoming& in_;
};

/// Abandons an exchange when the client of this request leaves; for the time of a scope.
class gone_watch {
 public:
  gone_watch(const incoming& in, const std::shared_ptr<serving::exchange>& exchange);
  gone_watch(const gone_watch&) = delete;
  gone_watch& operator=(const gone_watch&) = delete;
  ~gone_watch();

 private:
  outlet* out_;
};

}  // namespace longhaul::wire
