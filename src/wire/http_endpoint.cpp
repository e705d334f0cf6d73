// SPDX-License-Identifier: Apache-2.0
// One HTTP request in, one reply out. Checks run in the order of docs/wire.md: method, caller,
// content type, text, shape, era, headers; then the dialect answers.
//
// Owns the sessions. Threads: any number of executors at once; a request is a coroutine that
// touches nothing of another but through `sessions.hpp`.
#include <algorithm>
#include <new>

#include "base/text.hpp"
#include "wire/endpoints.hpp"
#include "wire/headers.hpp"
#include "wire/legacy.hpp"
#include "wire/modern_2026_07_28.hpp"
#include "wire/service.hpp"

namespace longhaul::wire {
namespace {

http_reply reply_of(wire_reply from) {
  http_reply reply;
  reply.status = from.body.empty() ? 202 : from.status;
  reply.body = std::move(from.body);
  return reply;
}

http_reply refuse(int status, int error_code, std::string_view message, json::value id = {}) {
  http_reply reply;
  reply.status = status;
  reply.body = error_reply(id, error_code, message);
  return reply;
}

// A refused notification or response gets a status and nothing to read: nobody asked for an answer.
http_reply refuse(int status, int error_code, std::string_view message, const wire::message& what) {
  http_reply reply = refuse(status, error_code, message, what.id);
  if (what.kind != message_kind::request) reply.body.clear();
  return reply;
}

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  constexpr std::string_view wanted = "application/json";
  std::size_t size = type.size();
  while (size > 0 && (type[size - 1] == ' ' || type[size - 1] == '\t')) --size;
  return same_ignoring_case(type.substr(0, size), wanted);
}

// Ends a session; requests of the modern era have none.
bool is_delete(const http_request& request) {
  return request.method == "DELETE" && !is_modern_header(request.protocol_version);
}

bool accepts_streams(const std::optional<std::string_view>& accept) {
  if (!accept || accept->empty()) return true;
  for (const std::string_view range : {"text/event-stream", "text/*", "*/*"}) {
    if (accept->find(range) != std::string_view::npos) return true;
  }
  return false;
}

constexpr std::string_view header_twice = "Invalid request: a header comes twice";
constexpr std::string_view no_session = "There is no such session";
constexpr std::string_view unknown_version =
    "Invalid request: MCP-Protocol-Version is not one that is served here (2026-07-28, 2025-11-25, "
    "2025-06-18, 2025-03-26)";

awaitable<http_reply> at_once(http_reply reply) { co_return reply; }

class endpoint final : public http_endpoint {
 public:
  endpoint(serving::dispatcher& server, const endpoint_options& options)
      : shared_(server, options),
        modern_(shared_),
        sessions_({options.max_sessions, options.max_sessions_per_caller, options.session_idle},
                  *options.clock),
        identify_(options.identify ? options.identify : identifier(anonymous_caller)) {}

  std::optional<http_reply> admit(http_request& head) override {
    try {
      return refuse_head(head);
    } catch (const std::bad_alloc&) {
      shared_.log.error("request.failed", "no memory is left");
      http_reply busy;
      busy.status = 503;
      busy.retry_after = 1;
      return busy;
    } catch (const std::exception& e) {
      shared_.log.error("request.failed", e.what());
    }
    return refuse(500, code::internal_error, "Internal error");
  }

  awaitable<http_reply> handle(const http_request& request, std::string body,
                               std::shared_ptr<outlet> out) override {
    bool no_memory = false;
    try {
      auto answering = answer(request, body, out);
      co_return co_await std::move(answering);
    } catch (const std::bad_alloc&) {
      no_memory = true;
      shared_.log.error("request.failed", "no memory is left");
    } catch (const std::exception& e) {
      shared_.log.error("request.failed", e.what());
    }
    co_return refuse_failed(body, no_memory);
  }

  void shut_down() override {
    shared_.stopping = true;
    shared_.streams.shut_down();
  }

 private:
  // The state of one HTTP request, whatever it carries.
  struct carried {
    const http_request& http;
    const serving::caller& who;
    const std::shared_ptr<outlet>& out;
    bool wait_announced = false;
    bool streams = true;
    request_meta meta = {};
  };

  std::optional<http_reply> refuse_head(http_request& head) const;
  awaitable<http_reply> answer(const http_request& request, std::string& body,
                               const std::shared_ptr<outlet>& out);
  http_reply delete_session(const http_request& request, const serving::caller& who);
  http_reply refuse_malformed(const carried& with, const malformed& what, int status = 400);
  static http_reply refuse_failed(std::string_view body, bool no_memory);
  std::shared_ptr<session> session_of(const http_request& request, const serving::caller& who);

  // Plain functions that pass a coroutine on: the hot path has no frame that only forwards.
  awaitable<http_reply> take_message(carried& with, const message& what);
  awaitable<http_reply> take_modern(carried& with, const message& what, const request_meta& meta);
  awaitable<http_reply> take_legacy(carried& with, const message& what, const request_meta& meta);
  awaitable<http_reply> take_legacy_request(carried& with, const message& what,
                                            const request_meta& meta, std::shared_ptr<session> of);
  http_reply begin_session(carried& with, const message& what, const request_meta& meta);
  void take_notification(const message& what, session& of);
  http_reply refuse_batch(const carried& with, json::value batch);
  awaitable<http_reply> take_batch(carried& with, json::value batch);
  awaitable<std::string> take_batched(carried& with, json::value text,
                                      const std::shared_ptr<session>& of);

  service shared_;
  modern_2026_07_28 modern_;
  session_table sessions_;
  const identifier identify_;
};

// Null: admitted, and `head` knows who asks.
std::optional<http_reply> endpoint::refuse_head(http_request& head) const {
  if (head.method != "POST" && !is_delete(head)) {
    http_reply reply = refuse(405, code::invalid_request, "This endpoint takes POST and DELETE");
    reply.allow = http_methods;
    return reply;
  }
  identification identified = identify_(head);
  if (!identified.who) {
    http_reply reply = refuse(identified.status, code::invalid_request, "Not authorized");
    reply.www_authenticate = std::move(identified.www_authenticate);
    return reply;
  }
  head.caller = std::make_shared<const serving::caller>(std::move(*identified.who));
  if (head.method == "POST" && head.content_type && !is_json(*head.content_type)) {
    return refuse(415, code::invalid_request, "The body must be application/json");
  }
  return std::nullopt;
}

awaitable<http_reply> endpoint::answer(const http_request& request, std::string& body,
                                       const std::shared_ptr<outlet>& out) {
  if (is_delete(request)) co_return delete_session(request, *request.caller);
  carried with{request, *request.caller, out};
  with.streams = accepts_streams(request.accept);
  if (const auto fault = validate_text(body)) co_return refuse_malformed(with, *fault);
  const json::value text{std::string_view(body)};
  if (text.is(json::kind::array)) co_return co_await take_batch(with, text);
  const auto read = read_message(text);
  if (const auto* fault = std::get_if<malformed>(&read)) co_return refuse_malformed(with, *fault);
  co_return co_await take_message(with, std::get<message>(read));
}

std::shared_ptr<session> endpoint::session_of(const http_request& request,
                                              const serving::caller& who) {
  return request.session_id ? sessions_.find(*request.session_id, who.owner) : nullptr;
}

http_reply endpoint::delete_session(const http_request& request, const serving::caller& who) {
  if (!request.session_id) {
    return refuse(400, code::invalid_request, "Invalid request: Mcp-Session-Id is missing");
  }
  if (!sessions_.end(*request.session_id, who.owner)) {
    return refuse(404, code::invalid_request, no_session);
  }
  http_reply reply;
  reply.status = 204;
  return reply;
}

http_reply endpoint::refuse_malformed(const carried& with, const malformed& what, int status) {
  const auto of =
      is_modern_header(with.http.protocol_version) ? nullptr : session_of(with.http, with.who);
  http_reply reply;
  reply.status = status;
  reply.body = refusal_reply(what, of && of->dialect().looks().null_error_ids);
  return reply;
}

// What failed may have failed anywhere: the ids are looked for anew.
http_reply endpoint::refuse_failed(std::string_view body, bool no_memory) {
  http_reply reply;
  reply.status = no_memory ? 503 : 500;
  try {
    const malformed what = refuse_failure(body, no_memory);
    reply.body = refusal_reply(what, false, no_memory ? busy_data() : std::string());
    const bool has_id = what.id || !what.elements.empty();
    if (has_id && !what.unanswerable) reply.status = 200;
  } catch (const std::exception&) {
    reply.body.clear();
  }
  if (reply.status == 503) reply.retry_after = 1;
  return reply;
}

awaitable<http_reply> endpoint::take_message(carried& with, const message& what) {
  with.meta = read_meta(what.params);
  const request_meta& meta = with.meta;
  const bool is_request = what.kind == message_kind::request;
  const auto header = with.http.protocol_version;
  switch (is_request ? era_of_http_request(header, meta) : era_of_http_notification(header, meta)) {
    case era::modern:
      return take_modern(with, what, meta);
    case era::legacy:
      return take_legacy(with, what, meta);
    case era::missing_meta:
      return at_once(
          refuse(400, code::invalid_params,
                 "Invalid params: '_meta' lacks io.modelcontextprotocol/protocolVersion or "
                 "io.modelcontextprotocol/clientCapabilities",
                 what));
    case era::version_mismatch:
      return at_once(refuse(400, code::header_mismatch,
                            "Header mismatch: MCP-Protocol-Version does not match '_meta'", what));
    case era::unsupported:
      return at_once(reply_of(modern_2026_07_28::refuse_version(what.id, meta.version)));
    case era::unknown_legacy_header:
      break;
  }
  return at_once(refuse(400, code::invalid_request, unknown_version, what));
}

awaitable<http_reply> endpoint::take_modern(carried& with, const message& what,
                                            const request_meta& meta) {
  if (what.kind == message_kind::notification) co_return reply_of({});
  if (what.kind == message_kind::response) {
    // Clients send no responses in this protocol version.
    co_return refuse(400, code::invalid_request, {}, what);
  }
  if (const auto fault = header_mismatch(with.http, what, shared_.server.tools())) {
    co_return refuse(400, code::header_mismatch, *fault, what);
  }
  open_request scoped_to_exchange(nullptr, {});
  const incoming in{what,  meta,        with.who, with.out, scoped_to_exchange, with.wait_announced,
                    false, with.streams};
  co_return reply_of(co_await modern_.handle(in));
}

awaitable<http_reply> endpoint::take_legacy(carried& with, const message& what,
                                            const request_meta& meta) {
  if (!with.http.repeated_header.empty()) {
    co_return refuse(400, code::invalid_request, header_twice, what);
  }
  if (what.kind == message_kind::request && what.method == "initialize") {
    co_return begin_session(with, what, meta);
  }
  if (!with.http.session_id) {
    co_return refuse(400, code::invalid_request,
                     "Invalid request: Mcp-Session-Id is missing; a session begins with initialize",
                     what);
  }
  auto of = session_of(with.http, with.who);
  if (!of) co_return refuse(404, code::invalid_request, no_session, what);
  if (what.kind == message_kind::response) {
    co_await take_response(shared_, with.who, what);
    co_return reply_of({});
  }
  if (what.kind == message_kind::notification) {
    take_notification(what, *of);
    co_return reply_of({});
  }
  auto answering = take_legacy_request(with, what, meta, std::move(of));
  co_return co_await std::move(answering);
}

awaitable<http_reply> endpoint::take_legacy_request(carried& with, const message& what,
                                                    const request_meta& meta,
                                                    std::shared_ptr<session> of) {
  open_request open(of->requests(), id_key(what.id), is_urgent(what));
  if (!open.accepted()) co_return reply_of(refuse_to_open(what, open.state()));
  const incoming in{what, meta, with.who, with.out, open, with.wait_announced, false, with.streams};
  auto reply = co_await handle_legacy(shared_, in, *of);
  if (open.close()) reply.body.clear();  // cancelled: no response follows
  co_return reply_of(std::move(reply));
}

http_reply endpoint::begin_session(carried& with, const message& what, const request_meta& meta) {
  initialization wanted;
  if (const auto fault = read_initialize(what.params.whole(), wanted); !fault.empty()) {
    return refuse(200, code::invalid_params, fault, what.id);
  }
  if (shared_.stopping) {
    serving::refused stopping;
    stopping.why = serving::refusal::shutting_down;
    return reply_of(legacy_refusal(what.id, stopping));
  }
  const auto made = sessions_.create(with.who, *wanted.dialect, wanted.modes);
  if (!made) {
    serving::refused busy;
    busy.why = serving::refusal::busy;
    busy.message = "too many sessions: try again later";
    busy.retry_after = tunables::may_lose_after;
    return reply_of(legacy_refusal(what.id, busy));
  }
  open_request none(nullptr, {});
  const incoming in{what, meta, with.who, with.out, none, with.wait_announced, false, with.streams};
  http_reply reply = reply_of(initialize_reply(shared_, in, *wanted.dialect));
  reply.session_id = made->id();
  return reply;
}

void endpoint::take_notification(const message& what, session& of) {
  if (what.method == "notifications/initialized") {
    of.set_initialized();
  } else if (what.method == "notifications/cancelled") {
    // Malformed ones are ignored, as the specification says.
    const json::value id = what.params["requestId"];
    if (id.is(json::kind::string) || id.is(json::kind::number)) of.requests()->cancel(id_key(id));
  }
}

http_reply endpoint::refuse_batch(const carried& with, json::value batch) {
  const http_request& http = with.http;
  const auto refused = [&](int status, std::string_view reason) {
    return refuse_malformed(with, refuse_text(batch.raw(), code::invalid_request, reason), status);
  };
  if (!is_modern_header(http.protocol_version)) {
    if (!http.repeated_header.empty()) return refused(400, header_twice);
    if (http.protocol_version && !served_legacy(*http.protocol_version)) {
      return refused(400, unknown_version);
    }
    if (http.session_id && !session_of(http, with.who)) return refused(404, no_session);
  }
  return refused(400, array_not_taken);
}

awaitable<http_reply> endpoint::take_batch(carried& with, json::value batch) {
  const http_request& http = with.http;
  const auto of = session_of(http, with.who);
  const bool legacy = !http.protocol_version || served_legacy(*http.protocol_version);
  if (!of || !legacy || !http.repeated_header.empty() || !takes_array(*of, batch)) {
    co_return refuse_batch(with, batch);
  }
  std::string replies;
  for (json::elements e(batch); e.next();) {
    auto taking = take_batched(with, e.value(), of);
    const std::string reply = co_await std::move(taking);
    if (reply.empty()) continue;
    replies += replies.empty() ? '[' : ',';
    replies += reply;
  }
  if (!replies.empty()) replies += ']';
  wire_reply whole;
  whole.body = std::move(replies);
  co_return reply_of(std::move(whole));
}

awaitable<std::string> endpoint::take_batched(carried& with, json::value text,
                                              const std::shared_ptr<session>& of) {
  const auto read = read_message(text);
  if (const auto* fault = std::get_if<malformed>(&read)) co_return refusal_reply(*fault, true);
  const auto& what = std::get<message>(read);
  if (what.kind == message_kind::response) {
    co_await take_response(shared_, with.who, what);
    co_return std::string();
  }
  if (what.kind == message_kind::notification) {
    take_notification(what, *of);
    co_return std::string();
  }
  if (what.method == "initialize") {
    co_return error_reply(what.id, code::invalid_request,
                          "Invalid request: 'initialize' stands alone");
  }
  const request_meta meta = read_meta(what.params);
  auto taking = take_legacy_request(with, what, meta, of);
  http_reply reply = co_await std::move(taking);
  co_return std::move(reply.body);
}

}  // namespace

identification anonymous_caller(const http_request& request) {
  serving::caller who;
  who.owner = "anonymous";
  who.quota = "anonymous@";
  who.quota += request.peer_address;
  identification result;
  result.who = std::move(who);
  return result;
}

std::unique_ptr<http_endpoint> make_http_endpoint(serving::dispatcher& server,
                                                  const endpoint_options& options) {
  return std::make_unique<endpoint>(server, options);
}

}  // namespace longhaul::wire
