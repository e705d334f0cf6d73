// SPDX-License-Identifier: Apache-2.0
// What all requests share: the server below, the keys, the open streams; and one request on its way
// through the wire.
//
// Threads: `context` and `open_streams` are thread-safe; an `incoming` belongs to its coroutine.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "protocol/jsonrpc.hpp"
#include "server/dispatcher.hpp"
#include "wire/endpoint.hpp"
#include "wire/endpoints.hpp"
#include "wire/open_requests.hpp"
#include "wire/question_ids.hpp"
#include "wire/request_state.hpp"
#include "wire/request_stream.hpp"
#include "wire/revisions.hpp"
#include "wire/session.hpp"
#include "wire/session_ids.hpp"

namespace longhaul::wire {

/// Open subscriptions, which end gracefully when the server stops.
class open_streams {
 public:
  /// False: the server stops already.
  bool add(const std::shared_ptr<serving::exchange>& stream);
  void shut_down();

 private:
  guarded_mutex mutex_;
  std::vector<std::weak_ptr<serving::exchange>> streams_ LONGHAUL_GUARDED_BY(mutex_);
  bool stopping_ LONGHAUL_GUARDED_BY(mutex_) = false;
};

struct context {
  context(serving::dispatcher& dispatcher, const endpoint_options& options);

  serving::dispatcher& server;
  const clock_source& clock;
  const question_ids questions;
  const state_sealer states;
  const session_ids sessions;
  const logger log;
  /// The member of `_meta` in every result of a stateless revision.
  const std::string server_meta;
  open_streams streams;
  std::atomic<bool> stopping{false};

 private:
  context(serving::dispatcher& dispatcher, const endpoint_options& options,
          const std::vector<std::string>& secrets);
};

/// One request on its way through the wire.
struct incoming {
  const message& call;
  const request_meta& meta;
  const revision_look& look;
  const serving::caller& who;
  const std::shared_ptr<outlet>& out;
  open_request& id;           ///< its id in its session or pipe
  bool& wait_announced;       ///< of the HTTP request, which may carry several of these (an array)
  session* client = nullptr;  ///< null: it stands alone
  request_stream* stream = nullptr;    ///< what `out` is in a session over HTTP, else null
  serving::entry_ptr tool;             ///< of `tools/call`, if it was looked up for the headers
  const http_request* http = nullptr;  ///< null: a pipe: no status, no peer to watch
  bool streams = true;                 ///< messages may be sent before the reply
};

/// An HTTP status (pipes ignore it) and one message; an empty one: nothing is sent.
struct wire_reply {
  int status = 200;
  std::string body{};
  std::string session_id{};  ///< of the session that begins with this reply
};

/// `{"name":…,"version":…}`, and what else the revision has.
std::string server_info(const serving::server_identity& identity, const feature_look& look);

/// Bytes of a validated value to keep, on one line.
raw_json keep(json::value value);

}  // namespace longhaul::wire
