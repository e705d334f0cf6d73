// SPDX-License-Identifier: Apache-2.0
// The stream of a session that belongs to no request, and the session's end.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/back_off.hpp"
#include "client/http_link.hpp"
#include "client/tunables.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;

void http_link::begin_session(header_list headers) {
  const auto self = shared_from_this();
  session_headers_ = std::move(headers);
  if (session_.empty()) return;
  asio::co_spawn(context_, [self]() { return self->listen(); }, asio::detached);
}

void http_link::end_session() {
  ++session_number_;
  session_.clear();
  listening_.fire();
}

awaitable<void> http_link::listen() {
  const auto self = shared_from_this();
  const std::uint64_t mine = session_number_;
  back_off pause(context_);
  reading into;
  while (!closed_ && mine == session_number_) {
    const std::string before = into.last_id;
    bool again = true;
    try {
      again = co_await listen_once(into);
      if (into.last_id != before) pause.reset();
    } catch (const client_error& e) {
      again = e.why() != kind::left && e.why() != kind::forbidden;
    }
    if (!again || closed_ || mine != session_number_) co_return;
    try {
      co_await pause.wait(listening_, into.retry);
    } catch (const client_error&) {
      co_return;
    }
  }
}

// False: the server has no such stream (405), or this session is over.
awaitable<bool> http_link::listen_once(reading& into) {
  outgoing nothing;
  if (!into.last_id.empty()) nothing.headers.emplace_back("Last-Event-ID", into.last_id);
  nothing.headers.insert(nothing.headers.end(), session_headers_.begin(), session_headers_.end());
  const auto reply = co_await ask("GET", nothing, listening_);
  const http_head& head = reply->head();
  if (head.status >= 500 || head.status == 429) co_return true;
  if (head.status >= 300 || head.content_type != "text/event-stream") co_return false;
  co_await read_events(*reply, nothing, into);
  co_return true;
}

awaitable<void> http_link::close() {
  const auto self = shared_from_this();
  closed_ = true;
  listening_.fire();
  if (!session_.empty()) {
    outgoing nothing;
    nothing.headers = session_headers_;
    interruption ended;
    const time_bound bound(context_, tunables::end_grace, ended);
    try {
      co_await ask("DELETE", nothing, ended);
    } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): it ends by itself, some day
    }
  }
  connections_.close();
}

}  // namespace longhaul::remote
