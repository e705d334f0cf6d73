// SPDX-License-Identifier: Apache-2.0
// Resources whose changes are wanted: asked for in the way of each revision, and again when a
// session or a stream begins anew.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/session.hpp"
#include "client/tunables.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;

namespace {

raw_json about(const std::string& uri) {
  return raw_json::trusted("{\"uri\":" + remote::quoted(uri) + "}");
}

asking repeatable() {
  asking how;
  how.repeatable = true;
  return how;
}

}  // namespace

awaitable<bool> session::watch(std::string uri) {
  const auto self = shared_from_this();
  interruption nobody;
  co_await ready(nobody);
  if (stateless()) {
    co_await watch_by_listening(uri);
  } else {
    co_await request("resources/subscribe", about(uri), repeatable(), nobody);
    watched_.insert(uri);
  }
  co_return true;
}

awaitable<bool> session::unwatch(std::string uri) {
  const auto self = shared_from_this();
  interruption nobody;
  co_await ready(nobody);
  if (watched_.erase(uri) == 0) co_return false;
  granted_.erase(uri);
  if (stateless()) {
    listen_later();  // anew, without it
  } else {
    co_await request("resources/unsubscribe", about(uri), repeatable(), nobody);
  }
  co_return true;
}

// Until the server has said which of them it tells of.
awaitable<void> session::watch_by_listening(const std::string& uri) {
  if (granted_.contains(uri)) co_return;
  watched_.insert(uri);
  refused_.erase(uri);
  listen_later();
  answered_.expires_after(options_.reply_time);
  boost::system::error_code woken = asio::error::operation_aborted;
  while (woken && !granted_.contains(uri) && !cannot_listen_ && !closed_ &&
         !refused_.contains(uri)) {
    co_await answered_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (granted_.contains(uri)) co_return;
  watched_.erase(uri);
  refused_.erase(uri);
  if (closed_) throw client_error(kind::left, "the client is closed");
  if (!woken) {
    throw client_error(kind::time_limit, name() + " has not answered subscriptions/listen");
  }
  throw client_error(kind::refused, name() + " tells of no changes of " + shown(uri));
}

// The server has answered the stream that listens: what it tells of, of what was wanted.
void session::hear_granted(json::value uris) {
  const bool before = !granted_.empty();
  granted_.clear();
  for (json::elements each(uris); each.next();) {
    if (auto uri = each.value().string(); uri && watched_.contains(*uri)) granted_.insert(*uri);
  }
  for (const std::string& uri : asked_for_) {
    if (!granted_.contains(uri)) refused_.insert(uri);
  }
  if (before) tell_all_changed();
  answered_.cancel();
}

// A session is new: it knows of none. What happened between both was not told.
awaitable<void> session::renew_watches() {
  const auto self = shared_from_this();
  const std::set<std::string> all = watched_;
  for (const std::string& uri : all) {
    interruption nobody;
    try {
      co_await request("resources/subscribe", about(uri), repeatable(), nobody);
    } catch (const client_error& e) {
      if (e.why() != kind::refused) co_return;  // the next session tries it again
      watched_.erase(uri);
    }
  }
  tell_all_changed();
}

void session::tell_all_changed() {
  for (const std::string& uri : watched_) {
    tell_notification("notifications/resources/updated", json::value(about(uri)));
  }
}

void session::tell_notification(std::string_view method, json::value params) {
  if (!options_.on_notification) return;
  const auto pass_on = [handler = options_.on_notification, method = std::string(method),
                        said = copy_of(params)] { handler(method, said); };
  calls_back().post_or_drop(pass_on, tunables::words_behind);
}

}  // namespace longhaul::remote
