// SPDX-License-Identifier: Apache-2.0
#include "client/http_link.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "client/back_off.hpp"
#include "client/tunables.hpp"
#include "json/view.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;

namespace {

http_limits limits_of(const client_options& options) {
  for (const auto& [name, value] : options.headers) {
    if (!is_header(name, value)) throw std::invalid_argument("'" + name + "' is no header");
  }
  if (!is_header("Authorization", options.key)) {
    throw std::invalid_argument("the key holds characters that no header can");
  }
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

bool can_resume_behind(const std::string& id) {
  return !id.empty() && id.size() <= tunables::longest_event_id && is_header("Last-Event-ID", id);
}

// An answer of JSON-RPC, whatever the status beside it.
bool is_reply(const std::string& body) {
  try {
    const raw_json message = raw_json::parse(body);
    const json::value view(message);
    return view["error"].is(json::kind::object) || view["result"].is(json::kind::object);
  } catch (const invalid_json&) {
    return false;
  }
}

// Ids count up.
bool is_earlier(json::value id, const std::string& mine) {
  const auto number = id.integer();
  return number && *number > 0 && std::to_string(*number) == id.raw() && *number < std::stoll(mine);
}

}  // namespace

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
  const std::string key = authorization();
  if (!key.empty()) request.headers.emplace_back("Authorization", key);
  for (const auto& each : message.headers) request.headers.push_back(each);
  request.body = message.body;
  request.repeatable = message.repeatable || !posts;
  return request;
}

std::string http_link::authorization() const {
  if (!options_.authorizer) return options_.key.empty() ? "" : "Bearer " + options_.key;
  std::string why = "it holds characters that no header can";
  try {
    std::string key = options_.authorizer(refused_);
    if (is_header("Authorization", key)) return key;
  } catch (const std::exception& e) {
    why = e.what();
  } catch (...) {
    why = "an error that says nothing";
  }
  throw client_error(kind::forbidden, "there is no key for " + url_text_ + ": " + why);
}

// Throws where it is not followed.
void http_link::move_to(const http_head& head, int redirects) {
  std::string why = "it is not known where that is";
  try {
    const http_url there = resolve(url_, head.location);
    const bool same = there.origin() == url_.origin();
    if (same && !head.location.empty() && redirects < tunables::redirects) {
      url_ = there;
      return;
    }
    if (!same) why = "it would get what was meant for " + url_.origin();
    if (redirects >= tunables::redirects) why = "it goes on and on";
  } catch (const std::invalid_argument& e) {
    why = shown(e.what());
  }
  throw client_error(kind::broken,
                     url_text_ + " sends on to " + shown(shown_url(head.location)) +
                         ", which is not followed: " + why,
                     head.status);
}

awaitable<std::shared_ptr<http_exchange>> http_link::ask(std::string method,
                                                         const outgoing& message,
                                                         interruption& ended) {
  bool again = options_.authorizer != nullptr;  // with a new key, once
  for (int redirects = 0;; ++redirects) {
    http_request request = made_of(method, message);
    auto reply = co_await connections_.send(std::move(request), ended);
    const int status = reply->head().status;
    refused_ = status == 401;
    if (refused_ && std::exchange(again, false)) continue;
    const bool moved = status == 307 || status == 308;
    if (!moved) co_return reply;
    move_to(reply->head(), redirects);
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
void http_link::refuse(const http_head& head, const std::string& body,
                       const outgoing& message) const {
  const int status = head.status;
  std::string text =
      url_text_ + " answered " + about(message) + " with HTTP " + std::to_string(status);
  if (status < 300 && !head.content_type.empty()) text += " and " + shown(head.content_type);
  if (status == 401) text += ": a key is needed, or this one is not taken";
  if (status == 403) text += ": this caller may not";
  if (!body.empty()) text += ": " + shown(body);
  kind why = kind::broken;
  if (status == 401 || status == 403) why = kind::forbidden;
  if (status == 429 || status == 503) why = kind::unreachable;  // and nothing was done
  if (status == 500 || status == 502 || status == 504) why = kind::lost;
  request_error error(why, text, status);
  error.by_http = true;
  error.retry_after = retry_after_of(head);
  throw request_error(error);
}

// As much of it as comes soon: the status says enough.
awaitable<std::string> http_link::some_body(http_exchange& reply) const {
  interruption ended;
  ended.set([&reply] { reply.abandon(); });
  const time_bound bound(context_, tunables::end_grace, ended);
  std::string body;
  try {
    body = co_await reply.next();
  } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): as it says
  }
  co_return body;
}

awaitable<raw_json> http_link::request(outgoing message, interruption& ended) {
  const auto self = shared_from_this();
  const bool in_session = !session_.empty();
  auto reply = co_await ask("POST", message, ended);
  co_return co_await read_reply(std::move(reply), message, in_session, ended);
}

awaitable<raw_json> http_link::read_reply(std::shared_ptr<http_exchange> reply,
                                          const outgoing& message, bool in_session,
                                          interruption& ended) {
  if (message.method == "initialize" && !reply->head().session.empty()) {
    session_ = reply->head().session;
  }
  back_off pause(context_);
  reading into;
  while (reply->head().content_type == "text/event-stream" && reply->head().status < 300) {
    const std::string before = into.last_id;
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
    if (into.last_id != before) pause.reset();
    reply = co_await resume(message, into, pause, ended);
  }
  co_return co_await read_json(*reply, message, in_session);
}

awaitable<raw_json> http_link::read_json(http_exchange& reply, const outgoing& message,
                                         bool in_session) {
  const http_head head = reply.head();
  const bool is_json = head.content_type == "application/json";
  // Whatever a body says beside these: what it is about is the status.
  const bool final = head.status == 401 || head.status == 403 || head.status == 429 ||
                     (head.status >= 502 && head.status <= 504) ||
                     (head.status == 404 && in_session);
  std::string body;
  if (!is_json || final) {
    body = co_await some_body(reply);
    refuse(head, body, message);
  }
  body = co_await whole_body(reply);
  if (head.status >= 300 && !is_reply(body)) refuse(head, body, message);
  raw_json answer = read_message(body, url_text_ + " answered " + about(message) + " and");
  const json::value view(answer);
  // An error that could not say whose it is belongs to this POST.
  const json::value id = view["id"];
  const bool nobodys = bool(view["error"]) && (!id || id.is(json::kind::null));
  if (is_earlier(id, message.id) && !view["method"]) {  // a proxy has sent it twice
    connections_.drop_idle();
    throw client_error(kind::lost, url_text_ + " answered " + about(message) + " (id " +
                                       message.id + ") with the reply to an earlier request");
  }
  if ((!nobodys && id.raw() != message.id) || view["method"]) {
    throw client_error(kind::broken, url_text_ + " answered " + about(message) + " (id " +
                                         message.id + ") with another message: " + shown(body));
  }
  co_return answer;
}

// --- events

void http_link::take(const sse_event& event, const outgoing& message, reading& into) {
  if (event.data.empty()) return;
  raw_json one = read_message(event.data, url_text_ + " answered " + about(message) + " and");
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
  const auto each = [&](const sse_event& event) {
    if (into.answer || fault) return;
    try {
      take(event, message, into);
    } catch (const client_error& e) {
      fault = e;
    }
  };
  while (!into.answer) {
    const std::string part = co_await reply.next();
    if (part.empty()) break;
    const bool read = events.feed(part, each);
    if (fault) throw client_error(*fault);
    if (!read) {
      throw client_error(kind::broken, url_text_ + " sent an event of more than " +
                                           std::to_string(options_.reply_limit) + " bytes");
    }
    if (can_resume_behind(events.last_id())) into.last_id = events.last_id();
    if (events.retry()) into.retry = events.retry();
  }
}

// Takes the stream up where it was cut (MCP 2025-11-25, "Resumability and Redelivery").
awaitable<std::shared_ptr<http_exchange>> http_link::resume(const outgoing& message,
                                                            const reading& from, back_off& pause,
                                                            interruption& ended) {
  for (;;) {
    co_await pause.wait(ended, from.retry);
    outgoing again;
    again.method = message.method;
    again.headers = message.headers;
    again.headers.emplace_back("Last-Event-ID", from.last_id);
    std::shared_ptr<http_exchange> reply;
    bool later = false;
    try {
      reply = co_await ask("GET", again, ended);
      later = reply->head().status >= 500 || reply->head().status == 429;
    } catch (const client_error& e) {
      later = e.why() == kind::unreachable || e.why() == kind::lost || e.why() == kind::time_limit;
      if (!later) throw;
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
  interruption ended;
  const time_bound bound(context_, message.reply_time.value_or(options_.reply_time), ended);
  try {
    const auto reply = co_await ask("POST", message, ended);
    const http_head head = reply->head();
    const std::string body = co_await whole_body(*reply);
    if (head.status >= 300) refuse(head, body, message);
  } catch (const client_error& e) {
    if (e.why() != kind::left || !bound.over()) throw;
    throw client_error(kind::time_limit, url_text_ + " does not take " + about(message));
  }
}

}  // namespace longhaul::remote
