// SPDX-License-Identifier: Apache-2.0
#include "exchange_player.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "json/view.hpp"
#include "support/kit_record.hpp"

namespace longhaul::test {
namespace {

// Everything that the views of one HTTP request need to stay valid.
struct sent_request {
  std::string method, body;
  header_list headers;
  std::vector<std::pair<std::string_view, std::string_view>> params;
  wire::http_request request;
};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

void fill(sent_request& sent) {
  wire::http_request& r = sent.request;
  r.method = sent.method;
  r.peer_address = "192.0.2.7";
  for (const auto& [name, value] : sent.headers) {
    const std::string key = lower(name);
    if (key == "mcp-protocol-version") r.protocol_version = value;
    if (key == "mcp-session-id") r.session_id = value;
    if (key == "mcp-method") r.mcp_method = value;
    if (key == "mcp-name") r.mcp_name = value;
    if (key == "content-type") r.content_type = value;
    if (key == "accept") r.accept = value;
    if (key == "authorization") r.authorization = value;
    if (key == "last-event-id") r.last_event_id = value;
    if (key == "repeated") r.repeated_header = value;
    if (key.starts_with("mcp-param-")) {
      sent.params.emplace_back(std::string_view(name).substr(10), value);
    }
  }
  r.mcp_params = sent.params;
}

// Who comes, as a transport finds it out: the API key in `Authorization: Bearer`, or nobody in
// particular. False: a key that is none.
bool identify(wire::http_request& request) {
  if (!request.authorization) {
    request.caller = std::make_shared<auth::caller>(auth::anonymous_caller(request.peer_address));
    return true;
  }
  if (!request.authorization->starts_with("Bearer good-")) return false;
  auth::caller who;
  who.owner = who.quota = "key:" + std::string(request.authorization->substr(12));
  who.identified = true;
  request.caller = std::make_shared<auth::caller>(std::move(who));
  return true;
}

wire::awaitable<void> run_http(wire::http_endpoint& endpoint, std::shared_ptr<sent_request> sent,
                               std::shared_ptr<test_outlet> out) {
  if (!identify(sent->request)) {
    wire::http_reply stranger;
    stranger.status = 401;
    out->finish(std::move(stranger));
    co_return;
  }
  auto refused = endpoint.admit(sent->request);
  if (refused) {
    out->finish(std::move(*refused));
    co_return;
  }
  auto answering = endpoint.handle(sent->request, sent->body, out);
  wire::http_reply reply = co_await std::move(answering);
  out->finish(std::move(reply));
}

wire::http_reply await_reply(test_outlet& out) {
  while (auto next = out.next()) {
    if (next->reply) return std::move(*next->reply);
  }
  throw std::runtime_error("no reply came");
}

}  // namespace

bool test_outlet::send(std::string message) {
  const std::lock_guard lock(mutex_);
  if (gone_ || full_ || closed_) return false;
  record_received(exchange, "", message);
  events_.push_back({std::move(message)});
  changed_.notify_all();
  return true;
}

bool test_outlet::send_event(wire::stream_event event, wire::urgency how) {
  const std::lock_guard lock(mutex_);
  if (gone_ || closed_ || (full_ && how == wire::urgency::news)) return false;
  if (event.data) record_received(exchange, "", *event.data);
  if (!event.data && !ids_) return true;
  if (!event.data && event.id.empty()) return true;  // a comment
  events_.push_back({event.data ? *event.data : std::string(), std::move(event.id), event.retry});
  changed_.notify_all();
  return true;
}

void test_outlet::end_stream() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void test_outlet::with_ids() {
  const std::lock_guard lock(mutex_);
  ids_ = true;
}

bool test_outlet::await_closed() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, doors::patience, [&] { return closed_ || finished_; });
}

void test_outlet::expect_wait() {
  const std::lock_guard lock(mutex_);
  ++waits_;
  changed_.notify_all();
}

void test_outlet::only_reply() {
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(waits_, 0) << "it is said before the wait is announced";
  only_reply_ = true;
}

void test_outlet::on_gone(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  gone_callback_ = std::move(callback);
}

void test_outlet::finish(wire::http_reply reply) {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  if (!closed_) record_received(exchange, reply.session_id, reply.body);
  if (!closed_) events_.push_back({reply.body, reply.event_id, std::nullopt, std::move(reply)});
  changed_.notify_all();
}

void test_outlet::leave() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    callback = std::exchange(gone_callback_, nullptr);
  }
  if (!callback) return;
  std::promise<void> told;
  boost::asio::post(context_, [&] {
    callback();
    told.set_value();
  });
  told.get_future().wait();
}

void test_outlet::set_full(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

std::optional<event> test_outlet::next(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return !events_.empty(); })) return std::nullopt;
  event first = std::move(events_.front());
  events_.pop_front();
  return first;
}

void test_outlet::put_back(event what) {
  const std::lock_guard lock(mutex_);
  events_.push_front(std::move(what));
}

bool test_outlet::await_waiting() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, doors::patience, [&] { return waits_ > 0; });
}

bool test_outlet::finished() {
  const std::lock_guard lock(mutex_);
  return finished_;
}

int test_outlet::waits_announced() {
  const std::lock_guard lock(mutex_);
  return waits_;
}

bool test_outlet::only_reply_said() {
  const std::lock_guard lock(mutex_);
  return only_reply_;
}

std::size_t test_outlet::unread() {
  const std::lock_guard lock(mutex_);
  return events_.size();
}

std::shared_ptr<test_outlet> send_http(fixture_server& server, std::string method,
                                       header_list headers, std::string body) {
  return send_http_to(server, server.http(), std::move(headers), std::move(body),
                      std::move(method));
}

std::shared_ptr<test_outlet> send_http_to(fixture_server& server, wire::http_endpoint& endpoint,
                                          header_list headers, std::string body,
                                          std::string method) {
  auto sent = std::make_shared<sent_request>();
  sent->method = std::move(method);
  sent->headers = std::move(headers);
  sent->body = std::move(body);
  fill(*sent);
  auto out = std::make_shared<test_outlet>(server.context());
  if (server.shows_event_ids()) out->with_ids();
  out->exchange = new_exchange();
  record_sent(out->exchange, sent->request.protocol_version.value_or(""),
              sent->request.session_id.value_or(""), sent->body);
  boost::asio::co_spawn(server.context(), run_http(endpoint, sent, out), boost::asio::detached);
  return out;
}

void send_line(fixture_server& server, wire::pipe_endpoint& pipe, std::string line) {
  record_sent(0, "", "", line);
  boost::asio::co_spawn(server.context(), pipe.handle(std::move(line)), boost::asio::detached);
}

header_list modern_headers(const std::string& body) {
  const json::value message{std::string_view(body)};
  const json::value params = message["params"];
  const std::string method = message["method"].string().value_or("");
  header_list headers = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}};
  std::string_view named_by = "name";
  if (method.starts_with("tasks/")) named_by = "taskId";
  if (method == "resources/read") named_by = "uri";
  if (const auto name = params[named_by].string()) {
    headers.emplace_back("Mcp-Name", *name);
  }
  return headers;
}

wire::http_reply post_modern(fixture_server& server, const std::string& body, header_list more) {
  header_list headers = modern_headers(body);
  headers.insert(headers.end(), more.begin(), more.end());
  return await_reply(*send_http(server, "POST", std::move(headers), body));
}

wire::http_reply post_legacy(fixture_server& server, const std::string& session,
                             const std::string& body, header_list more) {
  header_list headers = std::move(more);
  if (!session.empty()) headers.emplace_back("Mcp-Session-Id", session);
  return await_reply(*send_http(server, "POST", std::move(headers), body));
}

std::string begin_session(fixture_server& server, const std::string& version,
                          const std::string& capabilities, header_list more) {
  const std::string body =
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":")" + version +
      R"(","capabilities":)" + capabilities + R"(,"clientInfo":{"name":"t","version":"1"}}})";
  const auto reply = post_legacy(server, "", body, more);
  post_legacy(server, reply.session_id, R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
              more);
  return reply.session_id;
}

std::string modern_meta(const std::string& declared, const std::string& more) {
  return R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
         R"("io.modelcontextprotocol/clientCapabilities":{)" +
         declared + "}" + more + "}";
}

}  // namespace longhaul::test
