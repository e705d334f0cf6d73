// SPDX-License-Identifier: Apache-2.0
// One HTTP request in, one reply out. Checks run in the order of docs/wire.md: method,
// content type, text, shape, era, headers; then its method answers.
//
// Owns the sessions. Threads: any number of executors at once; a request is a coroutine that
// touches nothing of another but through `sessions.hpp`.
#include <new>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "wire/endpoints.hpp"
#include "wire/envelope.hpp"
#include "wire/headers.hpp"
#include "wire/listening.hpp"
#include "wire/methods/initialize.hpp"
#include "wire/refusals.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

constexpr std::string_view no_session = "There is no such session";

http_reply reply_of(wire_reply from) {
  http_reply reply;
  reply.status = from.body.empty() && from.status == 200 ? 202 : from.status;
  reply.body = std::move(from.body);
  reply.session_id = std::move(from.session_id);
  return reply;
}

bool is_json(std::string_view content_type) {
  return same_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))),
                            "application/json");
}

// Ends a session; requests that stand alone have none.
bool is_delete(const http_request& request) {
  return request.method == "DELETE" && !is_modern_header(request.protocol_version);
}

// Listens to a session; requests that stand alone have none.
bool is_get(const http_request& request) {
  return request.method == "GET" && !is_modern_header(request.protocol_version);
}

bool accepts_streams(const std::optional<std::string_view>& accept) {
  if (!accept || accept->empty()) return true;
  for (const std::string_view range : {"text/event-stream", "text/*", "*/*"}) {
    if (accept->find(range) != std::string_view::npos) return true;
  }
  return false;
}

// What failed may have failed anywhere: the ids are looked for anew.
http_reply refuse_failed(std::string_view body, bool no_memory) {
  http_reply reply;
  reply.status = no_memory ? 503 : 500;
  try {
    const malformed fault = refuse_failure(body, no_memory);
    reply.body = refusal_reply(fault, false, no_memory ? busy_data() : std::string());
    const bool has_id = fault.id || !fault.elements.empty();
    if (has_id && !fault.unanswerable) reply.status = 200;
  } catch (const std::exception&) {
    reply.body.clear();
  }
  if (reply.status == 503) reply.retry_after = 1;
  return reply;
}

class http_envelope final : public http_endpoint, private envelope {
 public:
  http_envelope(serving::dispatcher& server, const endpoint_options& options)
      : envelope(server, options),
        sessions_({options.max_sessions, options.max_sessions_per_caller, options.session_idle},
                  *options.clock, shared_.sessions) {}

  std::optional<http_reply> admit(const http_request& head) override {
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
    return http_refusal(500, "Internal error", code::internal_error);
  }

  awaitable<http_reply> handle(const http_request& request, std::string body,
                               std::shared_ptr<outlet> out) override {
    bool no_memory = false;
    carrier from{.who = *request.caller, .out = out, .http = &request};
    from.streams = accepts_streams(request.accept);
    try {
      if (is_delete(request)) co_return end_session(request);
      if (is_get(request)) co_return co_await listen_to_session(request, std::move(out));
      http_reply reply = reply_of(co_await answer(from, body));
      end_exchange(from, reply);
      co_return reply;
    } catch (const std::bad_alloc&) {
      no_memory = true;
      shared_.log.error("request.failed", "no memory is left");
    } catch (const std::exception& e) {
      shared_.log.error("request.failed", e.what());
    } catch (...) {  // of a user: `visible_to`, say
      shared_.log.error("request.failed", "with what is no std::exception");
    }
    http_reply reply = refuse_failed(body, no_memory);
    end_exchange(from, reply);
    co_return reply;
  }

  void shut_down() override { stop(); }

 private:
  static std::optional<http_reply> refuse_head(const http_request& head);
  http_reply end_session(const http_request& request);
  std::optional<http_reply> refuse_listening(const http_request& request,
                                             const std::shared_ptr<session>& client) const;
  awaitable<http_reply> listen_to_session(const http_request& request, std::shared_ptr<outlet> out);
  void give_stream(carrier& from) const;
  void end_exchange(const carrier& from, http_reply& reply);
  std::shared_ptr<session> find_session(std::string_view id, const serving::caller& who);
  void prepare(const std::shared_ptr<session>& client, const session_facts& facts) const;
  std::shared_ptr<session> session_of(const carrier& from);

  era era_of(const carrier& from, const message& text) const override;
  std::optional<wire_reply> check_stateless(carrier& from, const message& request) override;
  std::optional<wire_reply> find_session(carrier& from, const message& text) override;
  std::optional<wire_reply> find_session_for_array(carrier& from, json::value array) override;
  wire_reply begin_session(carrier& from, const message& request,
                           const initialization& wanted) override;
  std::shared_ptr<open_requests> requests_of(const carrier& from) const override {
    return from.client ? from.client->requests() : nullptr;
  }
  std::optional<wire_reply> refuse_crowded(const message&) const override { return std::nullopt; }
  bool null_error_ids(const carrier& from) override {
    const auto client = from.client ? from.client : session_of(from);
    return client && client->look().null_error_ids;
  }

  session_table sessions_;
};

// Null: admitted.
std::optional<http_reply> http_envelope::refuse_head(const http_request& head) {
  if (head.method != "POST" && !is_delete(head) && !is_get(head)) {
    http_reply reply = http_refusal(405, "This protocol version takes POST alone");
    reply.allow = "POST, OPTIONS";
    return reply;
  }
  if (head.method == "GET" && !accepts_streams(head.accept)) {
    return http_refusal(406, "GET is answered by text/event-stream: say so in Accept");
  }
  if (head.method == "POST" && head.content_type && !is_json(*head.content_type)) {
    return http_refusal(415, "The body must be application/json");
  }
  return std::nullopt;
}

// Null: this session is listened to.
std::optional<http_reply> http_envelope::refuse_listening(
    const http_request& request, const std::shared_ptr<session>& client) const {
  if (!request.repeated_header.empty()) return http_refusal(400, header_twice_words);
  if (request.protocol_version && !served_legacy(*request.protocol_version)) {
    return http_refusal(400, unknown_version_words);
  }
  if (!request.session_id) {
    return http_refusal(400, "Invalid request: Mcp-Session-Id is missing");
  }
  if (!client) return http_refusal(404, no_session);
  if (!shared_.stopping) return std::nullopt;
  http_reply busy = http_refusal(503, "The server is shutting down");
  busy.retry_after = static_cast<int>(
      std::chrono::duration_cast<std::chrono::seconds>(tunables::restart_retry_after).count());
  return busy;
}

awaitable<http_reply> http_envelope::listen_to_session(const http_request& request,
                                                       std::shared_ptr<outlet> out) {
  const std::shared_ptr<session> client =
      request.session_id ? find_session(*request.session_id, *request.caller) : nullptr;
  if (auto refused = refuse_listening(request, client)) co_return *std::move(refused);
  std::optional<std::string> last_event;
  if (request.last_event_id) last_event.emplace(*request.last_event_id);
  http_reply reply = co_await serve_listening(shared_, client, request.caller,
                                              std::move(last_event), std::move(out));
  client->use(shared_.clock.monotonic());
  co_return reply;
}

// What a request of a session sends can be taken up again.
void http_envelope::give_stream(carrier& from) const {
  from.stream = std::make_shared<request_stream>(from.client, from.out);
  from.stream->watch();
  from.out = from.stream;
}

void http_envelope::end_exchange(const carrier& from, http_reply& reply) {
  if (!from.client) return;
  if (from.stream) {
    from.stream->end(reply);
    sessions_.make_room_for_events();
  }
  from.client->use(shared_.clock.monotonic());  // a call may have taken long
}

http_reply http_envelope::end_session(const http_request& request) {
  if (!request.session_id) {
    return http_refusal(400, "Invalid request: Mcp-Session-Id is missing");
  }
  if (!find_session(*request.session_id, *request.caller) ||
      !sessions_.end(*request.session_id, request.caller->owner)) {
    return http_refusal(404, no_session);
  }
  http_reply reply;
  reply.status = 204;
  return reply;
}

std::shared_ptr<session> http_envelope::session_of(const carrier& from) {
  const http_request& http = *from.http;
  if (!http.session_id || is_modern_header(http.protocol_version)) return nullptr;
  return find_session(*http.session_id, from.who);
}

// Null: it does not exist, for this caller.
std::shared_ptr<session> http_envelope::find_session(std::string_view id,
                                                     const serving::caller& who) {
  if (auto known = sessions_.find(id, who.owner)) return known;
  return sessions_.restore(
      id, who, [this](const auto& client, const session_facts& facts) { prepare(client, facts); });
}

// While GET listens, what changes is told at once.
void http_envelope::prepare(const std::shared_ptr<session>& client,
                            const session_facts& facts) const {
  client->follow(client_news::begin(
      shared_.server.features(), client->owner(),
      [weak = std::weak_ptr(client)](std::string message) {
        const auto told = weak.lock();
        return told && told->streams().tell(std::move(message));
      },
      facts.extensions));
}

era http_envelope::era_of(const carrier& from, const message& text) const {
  const auto header = from.http->protocol_version;
  return text.kind == message_kind::request ? era_of_http_request(header, from.meta)
                                            : era_of_http_notification(header, from.meta);
}

std::optional<wire_reply> http_envelope::check_stateless(carrier& from, const message& request) {
  if (request.method == "tools/call") {
    if (const auto name = request.params["name"].string()) {
      from.tool = shared_.server.features().find_for(from.who, *name);
    }
  }
  const auto fault = header_mismatch(*from.http, request, from.tool.get());
  if (!fault) return std::nullopt;
  return refuse_message(400, code::header_mismatch, *fault, request);
}

std::optional<wire_reply> http_envelope::find_session(carrier& from, const message& text) {
  const http_request& http = *from.http;
  if (!http.session_id) {
    return refuse_message(
        400, code::invalid_request,
        "Invalid request: Mcp-Session-Id is missing; a session begins with initialize", text);
  }
  from.client = session_of(from);
  if (!from.client) return refuse_message(404, code::invalid_request, no_session, text);
  if (text.kind == message_kind::request) give_stream(from);
  return std::nullopt;
}

std::optional<wire_reply> http_envelope::find_session_for_array(carrier& from, json::value array) {
  const http_request& http = *from.http;
  if (is_modern_header(http.protocol_version)) return std::nullopt;  // none, so it is refused
  if (!http.repeated_header.empty()) return refuse_array(from, array, header_twice_words);
  if (http.protocol_version && !served_legacy(*http.protocol_version)) {
    return refuse_array(from, array, unknown_version_words);
  }
  from.client = session_of(from);
  if (http.session_id && !from.client) return refuse_array(from, array, no_session, 404);
  if (from.client) give_stream(from);
  return std::nullopt;
}

wire_reply http_envelope::begin_session(carrier& from, const message& request,
                                        const initialization& wanted) {
  if (shared_.stopping) return stopping(*wanted.look, request.id);
  const auto begun = sessions_.create(
      from.who,
      {.version = wanted.look->version, .modes = wanted.modes, .extensions = wanted.extensions},
      [this](const auto& client, const session_facts& facts) { prepare(client, facts); });
  if (!begun) {
    return busy(*wanted.look, request.id, "too many sessions: try again later",
                tunables::may_lose_after);
  }
  wire_reply reply = initialize_reply(shared_, request.id, *wanted.look, from.who);
  reply.session_id = begun->id();
  return reply;
}

}  // namespace

std::unique_ptr<http_endpoint> make_http_endpoint(serving::dispatcher& server,
                                                  const endpoint_options& options) {
  return std::make_unique<http_envelope>(server, options);
}

}  // namespace longhaul::wire
