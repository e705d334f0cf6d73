// SPDX-License-Identifier: Apache-2.0
#include "telemetry/collector.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "client/back_off.hpp"
#include "client/http_url.hpp"
#include "json/view.hpp"
#include "longhaul/client_error.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {
namespace {

using std::chrono::milliseconds;
using reply_kind = collector_reply::kind;

// Seconds only: dates are rare, and need the collector's clock.
std::optional<milliseconds> pause_in(std::string_view retry_after) {
  unsigned seconds = 0;
  const char* const end = retry_after.data() + retry_after.size();
  const auto read = std::from_chars(retry_after.data(), end, seconds);
  if (retry_after.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return std::min<milliseconds>(std::chrono::seconds(seconds), tunables::longest_retry_after);
}

// Absent: it is none.
raw_json as_json(const std::string& body) {
  try {
    return raw_json::parse(body);
  } catch (const invalid_json&) {
    return {};
  }
}

std::string with_words(std::string text, json::value words) {
  const auto said = words.string();
  if (said && !said->empty()) text += ": " + said->substr(0, tunables::shown_words);
  return text;
}

// 64-bit numbers are strings, and both are accepted.
std::uint64_t number_in(json::value number) {
  if (const auto whole = number.integer()) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(*whole, 0));
  }
  std::uint64_t result = 0;
  const std::string text = number.string().value_or("");
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

remote::header_list headers_of(const trace_settings& settings) {
  remote::header_list all{{"User-Agent", "longhaul/" LONGHAUL_VERSION}};
  all.insert(all.end(), settings.headers.begin(), settings.headers.end());
  all.emplace_back("Content-Type", "application/json");  // the last of a name goes
  return all;
}

}  // namespace

collector_reply meaning_of(int status, std::string_view retry_after, const std::string& body) {
  const raw_json json = as_json(body);
  const json::value members(json);
  if (status / 100 == 2) {
    collector_reply taken;
    const json::value partial = members["partialSuccess"];
    taken.rejected = number_in(partial["rejectedSpans"]);
    if (taken.rejected != 0) taken.words = with_words("it rejects spans", partial["errorMessage"]);
    return taken;
  }
  const std::string words = with_words("HTTP " + std::to_string(status), members["message"]);
  if (status != 429 && status != 502 && status != 503 && status != 504) {
    return {reply_kind::refused, words};
  }
  collector_reply later(reply_kind::try_again, words);
  later.pause = pause_in(trimmed(retry_after));
  return later;
}

collector::collector(boost::asio::io_context& context, const trace_settings& settings)
    : context_(context),
      headers_(headers_of(settings)),
      timeout_(settings.timeout),
      target_(remote::parse_url(settings.endpoint).target),
      name_(remote::parse_url(settings.endpoint).origin()),
      client_(context, remote::parse_url(settings.endpoint),
              remote::http_limits{settings.timeout, settings.ca_file}) {}

remote::awaitable<std::string> collector::read_body(remote::http_exchange& exchange) {
  std::string body;
  try {
    for (;;) {
      const std::string part = co_await exchange.next();
      if (part.empty()) break;
      body += part;
      if (body.size() > tunables::reply_size) {
        exchange.abandon();
        break;
      }
    }
  } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): the status has said it
  }
  co_return body;
}

remote::awaitable<collector_reply> collector::post(std::string body) {
  remote::http_request request;
  request.target = target_;
  request.headers = headers_;
  request.body = std::move(body);
  request.repeatable = true;  // spans have ids: one that comes twice is one
  remote::interruption ended;
  const remote::time_bound bound(context_, timeout_, ended);
  try {
    const auto exchange = co_await client_.send(std::move(request), ended);
    const std::string said = co_await read_body(*exchange);
    ended.clear();
    const remote::http_head& head = exchange->head();
    co_return meaning_of(head.status, head.retry_after, said);
  } catch (const client_error& e) {
    if (bound.over()) {
      const std::string late = "no reply within " + std::to_string(timeout_.count()) + " ms";
      co_return collector_reply(reply_kind::try_again, late);
    }
    const std::string words = e.what();
    if (e.why() != client_error::kind::broken) {
      co_return collector_reply(reply_kind::try_again, words);
    }
    co_return collector_reply(reply_kind::refused, words + "; is this its port for HTTP (4318)?");
  }
}

}  // namespace longhaul::telemetry
