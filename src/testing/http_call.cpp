// SPDX-License-Identifier: Apache-2.0
#include "testing/http_call.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <optional>
#include <string_view>

#include "json/validate.hpp"
#include "json/view.hpp"
#include "protocol/era.hpp"
#include "testing/tap.hpp"

namespace longhaul::testkit {
namespace {

constexpr std::string_view peer_address = "192.0.2.7";  // for documentation: nobody's
constexpr std::string_view param_prefix = "mcp-param-";

// Everything that the views of one HTTP request need to stay valid.
struct sent_call {
  http_call call;
  std::vector<std::pair<std::string_view, std::string_view>> params;
  wire::http_request request;
};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::optional<std::string_view>* place_of(wire::http_request& request, std::string_view name) {
  if (name == "mcp-protocol-version") return &request.protocol_version;
  if (name == "mcp-session-id") return &request.session_id;
  if (name == "mcp-method") return &request.mcp_method;
  if (name == "mcp-name") return &request.mcp_name;
  if (name == "content-type") return &request.content_type;
  if (name == "accept") return &request.accept;
  if (name == "authorization") return &request.authorization;
  if (name == "last-event-id") return &request.last_event_id;
  if (name == "traceparent") return &request.traceparent;
  if (name == "tracestate") return &request.tracestate;
  if (name == "baggage") return &request.baggage;
  return nullptr;
}

// As a transport reads them: of one that comes twice with two values the name is noted.
void fill(sent_call& sent) {
  wire::http_request& request = sent.request;
  request.method = sent.call.method;
  request.peer_address = peer_address;
  request.caller = std::make_shared<auth::caller>(sent.call.who);
  for (const auto& [name, value] : sent.call.headers) {
    const std::string key = lower(name);
    if (auto* const place = place_of(request, key)) {
      if (*place && **place != value) request.repeated_header = name;
      *place = value;
    } else if (key.starts_with(param_prefix)) {
      sent.params.emplace_back(std::string_view(name).substr(param_prefix.size()), value);
    }
  }
  request.mcp_params = sent.params;
}

wire::awaitable<void> carry(wire::http_endpoint& endpoint, std::shared_ptr<sent_call> sent,
                            std::shared_ptr<stream> out) {
  if (auto refused = endpoint.admit(sent->request)) {
    out->finish(std::move(*refused));
    co_return;
  }
  auto answering = endpoint.handle(sent->request, sent->call.body, out);
  wire::http_reply reply = co_await std::move(answering);
  out->finish(std::move(reply));
}

}  // namespace

void send_http(boost::asio::io_context& context, wire::http_endpoint& endpoint, http_call call,
               const std::shared_ptr<stream>& out) {
  auto sent = std::make_shared<sent_call>();
  sent->call = std::move(call);
  fill(*sent);
  if (tap* const reader = the_tap) {
    const std::uint64_t exchange = reader->new_exchange();
    out->is_of(exchange);
    reader->sent(exchange, sent->request.protocol_version.value_or(""),
                 sent->request.session_id.value_or(""), sent->call.body);
  }
  boost::asio::co_spawn(context, carry(endpoint, sent, out), boost::asio::detached);
}

header_list stateless_headers(const std::string& body) {
  json::value message;
  try {
    json::validate(body);
    message = json::value(std::string_view(body));
  } catch (const invalid_json&) {  // as it is, with headers that name nothing
    message = {};
  }
  const json::value params = message["params"];
  const std::string method = message["method"].string().value_or("");
  header_list headers = {
      {"MCP-Protocol-Version", std::string(to_string(protocol::revision::v2026_07_28))},
      {"Mcp-Method", method}};
  std::string_view named_by = "name";
  if (method.starts_with("tasks/")) named_by = "taskId";
  if (method == "resources/read") named_by = "uri";
  if (const auto name = params[named_by].string()) headers.emplace_back("Mcp-Name", *name);
  return headers;
}

}  // namespace longhaul::testkit
