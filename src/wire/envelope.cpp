// SPDX-License-Identifier: Apache-2.0
#include "wire/envelope.hpp"

#include <utility>

#include "wire/extensions.hpp"
#include "wire/method_table.hpp"
#include "wire/methods/initialize.hpp"
#include "wire/notifications.hpp"
#include "wire/questions.hpp"
#include "wire/refusals.hpp"

namespace longhaul::wire {
namespace {

std::string array_not_taken() {
  return "Invalid request: an array of messages is taken only in sessions of 2025-03-26, with 1 "
         "to " +
         std::to_string(protocol::tunables::batch_messages) + " messages";
}

bool takes_array(const session& client, json::value array) {
  std::size_t count = 0;
  for (json::elements e(array); e.next();) ++count;
  return client.look().batches && count > 0 && count <= protocol::tunables::batch_messages;
}

awaitable<wire_reply> take_answer(context& shared, const carrier& from, const message& response) {
  const auto id = response.id.string();
  if (id && from.client) from.client->streams().answered(*id);
  const bool taken = co_await take_response(shared, from.who, response);
  if (!taken && id && from.client) from.client->streams().not_answered(*id);
  co_return wire_reply{};
}

}  // namespace

wire_reply refuse_message(int status, int error_code, std::string_view words, const message& text) {
  if (text.kind != message_kind::request) return {status, {}};
  return {status, error_reply(text.id, error_code, words)};
}

void envelope::stop() {
  shared_.stopping = true;
  shared_.streams.shut_down();
}

wire_reply envelope::refuse_malformed(const carrier& from, const malformed& fault, int status) {
  return {status, refusal_reply(fault, null_error_ids(from))};
}

awaitable<wire_reply> envelope::answer(carrier& from, std::string& text) {
  if (const auto fault = validate_text(text)) co_return refuse_malformed(from, *fault);
  const json::value whole{std::string_view(text)};
  if (whole.is(json::kind::array)) co_return co_await take_array(from, whole);
  const auto read = read_message(whole);
  if (const auto* fault = std::get_if<malformed>(&read)) co_return refuse_malformed(from, *fault);
  co_return co_await take_message(from, std::get<message>(read));
}

// Plain functions that pass a coroutine on: the hot path has no frame that only forwards.
awaitable<wire_reply> envelope::take_message(carrier& from, const message& text) {
  from.meta = read_meta(text.params);
  // Over HTTP a header speaks for the whole array, on a pipe each message for itself.
  const bool told = from.in_array && from.http != nullptr;
  const era spoken = told ? era::legacy : era_of(from, text);
  if (spoken == era::legacy) return take_legacy(from, text);
  if (spoken != era::modern) return at_once(refuse_era(from, text, spoken));
  if (text.kind == message_kind::notification) {
    hear_notification(shared_, from.who, text);
    return at_once({});
  }
  if (text.kind == message_kind::response) {
    // Clients send no responses in this protocol version.
    return at_once(refuse_message(400, code::invalid_request, {}, text));
  }
  if (auto refused = check_stateless(from, text)) return at_once(*std::move(refused));
  return take_request(from, text, modern_look());
}

wire_reply envelope::refuse_era(const carrier& from, const message& text, era spoken) const {
  switch (spoken) {
    case era::missing_meta:
      return refuse_message(400, code::invalid_params,
                            std::string("Invalid params: '_meta' lacks ") +
                                (from.http ? "io.modelcontextprotocol/protocolVersion or " : "") +
                                "io.modelcontextprotocol/clientCapabilities",
                            text);
    case era::version_mismatch:
      return refuse_message(400, code::header_mismatch,
                            "Header mismatch: MCP-Protocol-Version does not match '_meta'", text);
    case era::unsupported:
      return unsupported_version(text.id, from.meta.version);
    default:
      return refuse_message(400, code::invalid_request, unknown_version_words, text);
  }
}

awaitable<wire_reply> envelope::take_legacy(carrier& from, const message& text) {
  const bool is_request = text.kind == message_kind::request;
  if (from.http != nullptr && !from.in_array && !from.http->repeated_header.empty()) {
    return at_once(refuse_message(400, code::invalid_request, header_twice_words, text));
  }
  if (is_request && text.method == "initialize") return at_once(initialize(from, text));
  if (!from.in_array) {
    if (auto refused = find_session(from, text)) return at_once(*std::move(refused));
  }
  if (text.kind == message_kind::response) return take_answer(shared_, from, text);
  if (text.kind == message_kind::notification) {
    take_notification(from, text);
    return at_once({});
  }
  return take_request(from, text, from.client->look());
}

wire_reply envelope::initialize(carrier& from, const message& request) {
  if (from.in_array) {
    return refuse_message(400, code::invalid_request, "Invalid request: 'initialize' stands alone",
                          request);
  }
  const open_request opened(requests_of(from), id_key(request.id), true);
  if (!opened.accepted()) return refuse_to_open(look_of(newest_legacy), request, opened.state());
  const auto wanted = read_initialize(request.params.whole(), shared_.server.features());
  if (!wanted) {
    return error(look_of(newest_legacy), request.id, code::invalid_params,
                 "Invalid params: " + wanted.error().words);
  }
  return begin_session(from, request, *wanted);
}

void envelope::take_notification(const carrier& from, const message& notification) const {
  if (notification.method == "notifications/initialized") {
    if (from.client) from.client->set_initialized();
  } else if (notification.method == "notifications/cancelled") {
    // Malformed ones are ignored, as the specification says.
    const json::value id = notification.params["requestId"];
    if (!id.is(json::kind::string) && !id.is(json::kind::number)) return;
    if (const auto requests = requests_of(from)) requests->cancel(id_key(id));
  } else {
    hear_notification(shared_, from.who, notification);
  }
}

awaitable<wire_reply> envelope::take_request(carrier& from, const message& request,
                                             const revision_look& look) {
  if (auto refused = refuse_crowded(request)) co_return *std::move(refused);
  const auto requests = requests_of(from);
  open_request opened(requests, requests ? id_key(request.id) : std::string(),
                      requests && is_urgent(request.method));
  if (!opened.accepted()) co_return refuse_to_open(look, request, opened.state());
  session* const client = look.stateless ? nullptr : from.client.get();
  if (client != nullptr) tell_news(from, request);
  const incoming at_hand{.call = request,
                         .meta = from.meta,
                         .look = look,
                         .who = from.who,
                         .out = from.out,
                         .id = opened,
                         .wait_announced = from.wait_announced,
                         .client = client,
                         .stream = client != nullptr ? from.stream.get() : nullptr,
                         .tool = from.tool,
                         .http = from.http,
                         .streams = from.streams};
  wire_reply reply = co_await answer_request(shared_, at_hand);
  if (opened.close()) co_return wire_reply{};  // cancelled: no response follows
  co_return reply;
}

// A session hears on the stream of its next request what changed (a pipe also at once).
void envelope::tell_news(carrier& from, const message& request) {
  if (!from.streams || request.method.ends_with("/list")) return;
  from.client->news().tell(
      [&from](std::string message) { return from.out->send(std::move(message)); });
}

awaitable<wire_reply> envelope::take_array(carrier& from, json::value array) {
  if (auto refused = find_session_for_array(from, array)) co_return *std::move(refused);
  if (!from.client || !takes_array(*from.client, array)) {
    const std::string words = array_not_taken();
    co_return refuse_array(from, array, words);
  }
  from.in_array = true;
  std::string replies;
  for (json::elements e(array); e.next();) {
    const auto read = read_message(e.value());
    wire_reply reply;
    if (const auto* fault = std::get_if<malformed>(&read)) {
      reply = refuse_malformed(from, *fault);
    } else {
      reply = co_await take_message(from, std::get<message>(read));
    }
    if (reply.body.empty()) continue;
    replies += replies.empty() ? '[' : ',';
    replies += reply.body;
  }
  if (!replies.empty()) replies += ']';
  co_return wire_reply{200, std::move(replies)};
}

wire_reply envelope::refuse_array(const carrier& from, json::value array, std::string_view words,
                                  int status) {
  return refuse_malformed(from, refuse_text(array.raw(), code::invalid_request, words), status);
}

}  // namespace longhaul::wire
