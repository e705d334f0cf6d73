// SPDX-License-Identifier: Apache-2.0
#include "client/http_link.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "client/back_off.hpp"
#include "client/tunables.hpp"
#include "json/view.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;

namespace {

http_limits limits_of(const client_options& options) {
  return {options.connect_time, options.ca_file};
}

// Seconds only: dates are rare, and need the server's clock.
std::optional<std::chrono::milliseconds> retry_after_of(const http_head& head) {
  unsigned seconds = 0;
  const std::string& text = head.retry_after;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds),
                                             tunables::longest_retry_after);
}

std::string about(const outgoing& message) {
  return message.method.empty() ? std::string("an answer") : message.method;
}

}  // namespace

// A reply that comes as events, and where its stream was when it was cut.
struct http_link::reading {
  std::optional<raw_json> answer = std::nullopt;
  std::string last_id = {};
  std::optional<std::chrono::milliseconds> retry = std::nullopt;
  bool cut = false;  // an event of it could not be taken
};

http_link::http_link(asio::io_context& context, const std::string& url,
                     const client_options& options, listener hear)
    : context_(context),
      url_text_(url),
      url_(parse_url(url)),
      options_(options),
      hear_(std::move(hear)),
      connections_(context, url_, limits_of(options)) {}

http_link::~http_link() = default;

// --- one message out

http_request http_link::made_of(const std::string& method, const outgoing& message) const {
  http_request request;
  request.method = method;
  request.target = url_.target;
  request.headers = options_.headers;
  const bool posts = method == "POST";
  request.headers.emplace_back("Accept",
                               posts ? "application/json, text/event-stream" : "text/event-stream");
  if (posts) request.headers.emplace_back("Content-Type", "application/json");
  if (!session_.empty()) request.headers.emplace_back("Mcp-Session-Id", session_);
  if (options_.authorizer) {
    request.headers.emplace_back("Authorization", options_.authorizer(refused_));
  } else if (!options_.key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options_.key);
  }
  for (const auto& each : message.headers) request.headers.push_back(each);
  request.body = message.body;
  request.repeatable = message.repeatable || !posts;
  return request;
}

awaitable<std::shared_ptr<http_exchange>> http_link::ask(std::string method,
                                                         const outgoing& message,
                                                         interruption& ended) {
  bool again = options_.authorizer != nullptr;  // with a new key, once
  for (int redirects = 0;; ++redirects) {
    http_request request = made_of(method, message);
    auto reply = co_await connections_.send(std::move(request), message.reply_time, ended);
    const int status = reply->head().status;
    refused_ = status == 401;
    if (refused_ && std::exchange(again, false)) continue;
    const bool moved = status == 307 || status == 308;
    if (!moved) co_return reply;
    const http_url there = resolve(url_, reply->head().location);
    if (there.origin() != url_.origin() || redirects == tunables::redirects) {
      throw client_error(kind::broken,
                         url_text_ + " sends on to " + shown(reply->head().location) +
                             ": that is not followed, because it would get what was meant for " +
                             url_.origin(),
                         status);
    }
    url_ = there;
  }
}

awaitable<std::string> http_link::whole_body(http_exchange& reply) const {
  std::string body;
  for (;;) {
    const std::string part = co_await reply.next();
    if (part.empty()) co_return body;
    body += part;
    if (body.size() > options_.reply_limit) {
      throw client_error(kind::broken, url_text_ + " sent a reply of more than " +
                                           std::to_string(options_.reply_limit) + " bytes");
    }
  }
}

// What came is no reply: says what it was.
awaitable<void> http_link::refuse(http_exchange& reply, const outgoing& message) const {
  const http_head head = reply.head();
  std::string body;
  try {
    body = co_await reply.next();
  } catch (const client_error&) {  // the status says enough
  }
  const std::string status = "HTTP " + std::to_string(head.status);
  std::string text = url_text_ + " answered " + about(message) + " with " + status;
  if (head.status == 401) text += ": a key is needed, or this one is not taken";
  if (head.status == 403) text += ": this caller may not";
  if (!body.empty()) text += ": " + shown(body);
  const bool forbidden = head.status == 401 || head.status == 403;
  const bool later = head.status == 429 || (head.status >= 502 && head.status <= 504);
  throw http_refusal(forbidden ? kind::forbidden
                     : later   ? kind::unreachable
                               : kind::broken,
                     text, head.status, retry_after_of(head));
}

awaitable<raw_json> http_link::request(outgoing message, interruption& ended) {
  const auto self = shared_from_this();
  auto reply = co_await ask("POST", message, ended);
  co_return co_await read_reply(std::move(reply), message, ended);
}

awaitable<raw_json> http_link::read_reply(std::shared_ptr<http_exchange> reply,
                                          const outgoing& message, interruption& ended) {
  if (message.method == "initialize" && !reply->head().session.empty()) {
    session_ = reply->head().session;
  }
  reading into;
  while (reply->head().content_type == "text/event-stream" && reply->head().status < 300) {
    try {
      co_await read_events(*reply, message, into);
    } catch (const client_error& e) {
      const bool resumable = e.why() == kind::lost && !into.last_id.empty() && !session_.empty();
      if (!resumable) throw;
    }
    if (into.answer) co_return *std::move(into.answer);
    if (into.last_id.empty() || session_.empty()) {
      throw client_error(
          kind::lost, url_text_ + " ended the stream of " + about(message) + " without an answer");
    }
    reply = co_await resume(message, into, ended);
  }
  if (reply->head().content_type != "application/json") co_await refuse(*reply, message);
  const std::string body = co_await whole_body(*reply);
  const raw_json answer = read_message(body, url_text_);
  const json::value view(answer);
  // An error that could not say whose it is belongs to this POST.
  const bool mine =
      !view["id"] || view["id"].is(json::kind::null) || view["id"].raw() == message.id;
  if (!mine || view["method"]) {
    throw client_error(kind::broken, url_text_ + " answered " + about(message) + " (id " +
                                         message.id + ") with another message: " + shown(body));
  }
  if (reply->head().status == 404 && !session_.empty()) {
    throw http_refusal(kind::broken, url_text_ + " knows this session no more", 404, std::nullopt);
  }
  co_return answer;
}

// --- events

void http_link::take(sse_event event, const outgoing& message, reading& into) {
  if (event.data.empty()) return;
  raw_json one = read_message(event.data, url_text_);
  const json::value view(one);
  const bool answers = !view["method"] && view["id"].raw() == message.id && !message.id.empty();
  if (answers) {
    if (!into.answer) into.answer = std::move(one);
  } else {
    hear_(std::move(one), message.id);
  }
}

awaitable<void> http_link::read_events(http_exchange& reply, const outgoing& message,
                                       reading& into) {
  sse_reader events(options_.reply_limit);
  std::optional<client_error> fault;
  const auto each = [&](sse_event event) {
    if (!event.id.empty()) into.last_id = event.id;
    if (into.answer || fault) return;
    try {
      take(std::move(event), message, into);
    } catch (const client_error& e) {
      fault = e;
    }
  };
  while (!into.answer) {
    const std::string part = co_await reply.next();
    if (part.empty()) break;
    const bool read = events.feed(part, each);
    if (fault) throw *fault;
    if (!read) {
      throw client_error(kind::broken, url_text_ + " sent an event of more than " +
                                           std::to_string(options_.reply_limit) + " bytes");
    }
    if (!events.last_id().empty()) into.last_id = events.last_id();
    if (events.retry()) into.retry = events.retry();
  }
}

// Takes the stream up where it was cut (MCP 2025-11-25, "Resumability and Redelivery").
awaitable<std::shared_ptr<http_exchange>> http_link::resume(const outgoing& message, reading& from,
                                                            interruption& ended) {
  back_off pause(context_);
  for (;;) {
    co_await pause.wait(ended, from.retry);
    outgoing again;
    again.method = message.method;
    again.reply_time = options_.reply_time;
    for (const auto& each : message.headers) again.headers.push_back(each);
    again.headers.emplace_back("Last-Event-ID", from.last_id);
    std::shared_ptr<http_exchange> reply;
    bool later = false;
    try {
      reply = co_await ask("GET", again, ended);
      later = reply->head().status >= 500 || reply->head().status == 429;
    } catch (const client_error& e) {
      if (e.why() != kind::unreachable && e.why() != kind::lost && e.why() != kind::time_limit) {
        throw;
      }
      later = true;
    }
    if (later) continue;
    if (reply->head().content_type == "text/event-stream") co_return reply;
    throw client_error(kind::lost, url_text_ + " cannot go on with the stream of " +
                                       about(message) + " (HTTP " +
                                       std::to_string(reply->head().status) + ")");
  }
}

awaitable<void> http_link::send(outgoing message) {
  const auto self = shared_from_this();
  interruption nobody;
  if (!message.reply_time) message.reply_time = options_.reply_time;
  const auto reply = co_await ask("POST", message, nobody);
  if (reply->head().status >= 300) co_await refuse(*reply, message);
  co_await whole_body(*reply);
}

// --- the stream of a session

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
  std::string last_id;
  while (!closed_ && mine == session_number_) {
    bool again = true;
    try {
      again = co_await listen_once(last_id);
      pause.reset();
    } catch (const client_error& e) {
      again = e.why() != kind::left;
    }
    if (!again || closed_ || mine != session_number_) co_return;
    try {
      co_await pause.wait(listening_, std::nullopt);
    } catch (const client_error&) {
      co_return;
    }
  }
}

// False: the server has no such stream (405), or this session is over.
awaitable<bool> http_link::listen_once(std::string& last_id) {
  outgoing nothing;
  if (!last_id.empty()) nothing.headers.emplace_back("Last-Event-ID", last_id);
  nothing.headers.insert(nothing.headers.end(), session_headers_.begin(), session_headers_.end());
  const auto reply = co_await ask("GET", nothing, listening_);
  const http_head& head = reply->head();
  if (head.status >= 500 || head.status == 429) co_return true;
  if (head.status >= 300 || head.content_type != "text/event-stream") co_return false;
  reading into;
  into.last_id = last_id;
  try {
    co_await read_events(*reply, nothing, into);
  } catch (const client_error& e) {
    last_id = into.last_id;
    if (e.why() != kind::lost) throw;
  }
  last_id = into.last_id;
  co_return true;
}

awaitable<void> http_link::close() {
  const auto self = shared_from_this();
  closed_ = true;
  listening_.fire();
  if (!session_.empty()) {
    outgoing nothing;
    nothing.headers = session_headers_;
    nothing.reply_time = tunables::end_grace;
    interruption nobody;
    try {
      co_await ask("DELETE", nothing, nobody);
    } catch (const client_error&) {  // it ends by itself, some day
    }
  }
  connections_.close();
}

}  // namespace longhaul::remote
