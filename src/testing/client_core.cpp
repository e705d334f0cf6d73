// SPDX-License-Identifier: Apache-2.0
#include "testing/client_core.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "json/write.hpp"
#include "protocol/era.hpp"
#include "server/catalog.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

std::string_view name_of(revision version) {
  return to_string(static_cast<protocol::revision>(version));
}

// The members of `params` under which a task is named in what is about it.
std::string related_task(const raw_json& params) {
  const json::value related =
      json::value(params)["_meta"]["io.modelcontextprotocol/related-task"]["taskId"];
  return related.string().value_or("");
}

bool may_ask(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

}  // namespace

client_core::client_core(const std::shared_ptr<bench>& server, client_options options)
    : server_(server), options_(std::move(options)) {}

client_core::~client_core() {
  const auto still = server_.lock();
  if (!still) return;
  for (const auto& [number, one] : open_) {
    if (one.out) one.out->leave();
  }
  if (listening_.out) listening_.out->leave();
}

std::shared_ptr<bench> client_core::server() const {
  auto still = server_.lock();
  if (!still) throw std::logic_error("the test_server of this client is gone");
  return still;
}

auth::caller client_core::who() const {
  if (options_.owner == "anonymous") return auth::anonymous_caller("192.0.2.7");
  return {options_.owner, options_.owner, true};
}

const answering* client_core::callback_for(std::string_view method) const {
  const answering& callback = method == "sampling/createMessage" ? options_.sample
                              : method == "roots/list"           ? options_.list_roots
                                                                 : options_.elicit;
  return callback ? &callback : nullptr;
}

// --- what is sent

void client_core::begin_session() {
  std::string params;
  json::object o(params);
  o.string("protocolVersion", name_of(options_.revision));
  o.raw("capabilities", capabilities_of(options_, false));
  o.raw("clientInfo", R"({"name":"longhaul-testkit","version":"1"})").close();
  const std::uint64_t number = begin("initialize", raw_json::trusted(params), false);
  const auto waited = server();
  if (!waited->wait_at_this_time([&] { return ready(number); })) {
    throw waited_in_vain("initialize is not answered; " + waited->state());
  }
  session_ = open_.at(number).session;
  wait(number).value();
  notify("notifications/initialized", {});
  listening_.out = waited->open_stream();
  listen(listening_.out, {});
}

header_list client_core::headers_of(const std::string& body, std::string_view method,
                                    const raw_json& params) const {
  header_list headers;
  if (stateless()) {
    headers = stateless_headers(body);
    for (auto& [name, value] : headers) value = header_value(value);
    if (method == "tools/call") append_parameters(headers, params);
  } else if (!session_.empty()) {
    headers = {{"Mcp-Session-Id", session_},
               {"MCP-Protocol-Version", std::string(name_of(options_.revision))}};
  }
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Accept", "application/json, text/event-stream");
  return headers;
}

// Arguments that the tool's schema wants in headers as well.
void client_core::append_parameters(header_list& into, const raw_json& params) const {
  const json::value call(params);
  const auto name = call["name"].string();
  const auto tool = name ? server()->features().find_for(who(), *name) : nullptr;
  if (!tool) return;
  for (const auto& parameter : tool->mirrored) {
    json::value given = call["arguments"];
    for (const std::string& step : parameter.path) given = given[step];
    if (!given || given.is(json::kind::null)) continue;
    into.emplace_back("Mcp-Param-" + parameter.header,
                      header_value(given.string().value_or(std::string(given.raw()))));
  }
}

// With what every request of this revision carries.
raw_json client_core::completed(const exchange& one, std::uint64_t number) const {
  member_list meta;
  if (stateless()) {
    meta.emplace_back(protocol::version_key, quoted(name_of(options_.revision)));
    meta.emplace_back(protocol::capabilities_key, capabilities_of(options_, one.tasks));
  }
  if (options_.progress && one.method != "initialize") {
    meta.emplace_back("progressToken", std::to_string(number));
  }
  return with_meta(one.params, meta);
}

std::shared_ptr<stream> client_core::post(const std::string& body, std::string_view method,
                                          const raw_json& params) {
  const auto to = server();
  auto out = to->open_stream();
  if (!stateless()) out->show_ids();
  http_call call;
  call.headers = headers_of(body, method, params);
  call.body = body;
  call.who = who();
  to->send(std::move(call), out);
  return out;
}

void client_core::send(exchange& one) {
  const std::uint64_t number = next_++;
  const raw_json params = completed(one, number);
  one.id = std::to_string(number);
  one.out = post(message_text(number, one.method, params), one.method, params);
}

std::uint64_t client_core::begin(std::string_view method, const raw_json& params, bool tasks) {
  const std::uint64_t number = next_;
  exchange one;
  one.method = method;
  one.params = params;
  one.tasks = tasks;
  send(one);
  open_.emplace(number, std::move(one));
  return number;
}

// Notifications and answers are acknowledged at once.
void client_core::post_response(const std::string& body) {
  const auto out = post(body, {}, {});
  const auto waited = server();
  if (!waited->wait_at_this_time([&] { return out->finished(); })) {
    throw waited_in_vain("a message is not acknowledged: " + body + "; " + waited->state());
  }
}

void client_core::notify(std::string_view method, const raw_json& params) {
  post_response(message_text(0, method, params));
}

void client_core::listen(const std::shared_ptr<stream>& out, const std::string& last_event) {
  http_call call;
  call.method = "GET";
  call.headers = headers_of({}, {}, {});
  if (!last_event.empty()) call.headers.emplace_back("Last-Event-ID", last_event);
  call.who = who();
  out->show_ids();
  server()->send(std::move(call), out);
}

// --- what comes

void client_core::take_all() {
  std::vector<std::uint64_t> numbers;  // callbacks may begin others
  numbers.reserve(open_.size());
  for (const auto& [number, one] : open_) numbers.push_back(number);
  for (const std::uint64_t number : numbers) {
    if (const auto found = open_.find(number); found != open_.end()) take(found->second);
  }
  if (listening_.out) take(listening_);
}

void client_core::take(exchange& one) {
  while (auto came = one.out ? one.out->next() : std::nullopt) {
    if (!came->id.empty()) one.last_event = came->id;
    if (came->reply) {
      take_reply(one, *came->reply);
    } else if (!came->text.empty()) {
      const raw_json text = raw_json::parse(came->text);
      take_message(&one, json::value(text));
    }
  }
  const bool cut = one.out && one.out->closed() && one.out->unread() == 0;
  if (!cut || one.answered || &one == &listening_ || one.last_event.empty()) return;
  one.out = server()->open_stream();
  listen(one.out, one.last_event);
}

void client_core::take_reply(exchange& one, const wire::http_reply& given) {
  one.session = given.session_id;
  if (&one == &listening_) {
    one.out = nullptr;
    return;
  }
  if (given.body.empty()) {
    one.answered = rpc_error{given.status, "HTTP status " + std::to_string(given.status), {}};
    return;
  }
  const raw_json text = raw_json::parse(given.body);
  settle(one, json::value(text));
}

// `asker`: whose stream it came on.
void client_core::take_message(exchange* asker, json::value message) {
  const auto method = message["method"].string();
  if (!method) {  // a reply, on a stream that was taken up again
    if (asker->id == message["id"].raw()) settle(*asker, message);
    return;
  }
  if (message["id"]) return note_question(message);
  const json::value params = message["params"];
  notifications_.push_back({*method, params ? raw_json::parse(params.raw()) : raw_json()});
}

void client_core::note_question(json::value request) {
  open_question asked;
  asked.key = request["id"].raw();
  asked.method = request["method"].string().value_or("");
  asked.params = raw_json::parse(request["params"] ? request["params"].raw() : "{}");
  questions_.push_back(asked);
  if (const answering* callback = callback_for(asked.method)) {
    const question_reply given = (*callback)(asked.params);
    answer(asked, given);
  }
}

void client_core::answer(const open_question& asked, const question_reply& given) {
  const auto known = std::ranges::find(questions_, asked.key, &open_question::key);
  if (known == questions_.end()) throw std::logic_error("there is no such question: " + asked.key);
  const open_question& question = *known;
  const answer_text text = text_of_answer(question.method, given);
  std::string body;
  json::object o(body);
  o.string("jsonrpc", "2.0").raw("id", question.key);
  o.raw(text.error.empty() ? "result" : "error", text.error.empty() ? text.result : text.error);
  o.close();
  questions_.erase(known);
  post_response(body);
}

std::vector<open_question> client_core::questions_of(std::string_view task) const {
  std::vector<open_question> found;
  for (const open_question& one : questions_) {
    if (related_task(one.params) == task) found.push_back(one);
  }
  return found;
}

void client_core::settle(exchange& one, json::value response) {
  if (const json::value error = response["error"]) {
    one.answered = read_error(raw_json::parse(error.raw()));
    return;
  }
  const result came(raw_json::parse(response["result"].raw()));
  if (stateless() && may_ask(one.method) && answer_and_repeat(one, came)) return;
  one.answered = came;
}

// MCP 2026-07-28 "Multi Round-Trip Requests". False: something of it has no callback.
bool client_core::answer_and_repeat(exchange& one, const result& asking) {
  if (!asking.has("/resultType") || asking.get<std::string>("/resultType") != "input_required") {
    return false;
  }
  const auto asked = asking.has("/inputRequests") ? read_questions(asking.at("/inputRequests"))
                                                  : decltype(questions_){};
  const bool all = std::ranges::all_of(
      asked, [&](const open_question& each) { return callback_for(each.method) != nullptr; });
  if (!all || ++one.rounds > tunables::question_rounds) return false;
  std::string answers;
  json::object o(answers);
  for (const open_question& each : asked) {
    o.raw(each.key, result_of_answer(each.method, (*callback_for(each.method))(each.params)));
  }
  o.close();
  std::string params;
  json::object p(params);
  for (json::members m{json::value(one.params)}; m.next();) {
    if (m.key() != "requestState" && m.key() != "inputResponses") p.raw(m.key(), m.value().raw());
  }
  p.raw("inputResponses", answers);
  if (asking.has("/requestState")) p.raw("requestState", asking.at("/requestState"));
  p.close();
  one.params = raw_json::parse(params);
  send(one);
  return true;
}

std::vector<notification> client_core::take_notifications() {
  take_all();
  return std::exchange(notifications_, {});
}

// --- waiting

bool client_core::ready(std::uint64_t number) {
  take_all();
  const auto found = open_.find(number);
  if (found == open_.end()) throw std::logic_error("this request was left, or its reply taken");
  return found->second.answered.has_value();
}

reply<result> client_core::wait(std::uint64_t number) {
  const auto waited = server();
  if (!waited->wait_until([&] { return ready(number); })) {
    throw waited_in_vain(open_.at(number).method + " is not answered; " +
                         std::to_string(questions_.size()) + " questions of it are open; " +
                         waited->state());
  }
  auto answered = std::move(*open_.at(number).answered);
  open_.erase(number);
  return answered;
}

void client_core::leave(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  take(found->second);
  if (found->second.out) found->second.out->leave();
  open_.erase(found);
}

void client_core::cancel(std::uint64_t number, std::string_view reason) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  if (!stateless()) {
    std::string params;
    json::object o(params);
    o.raw("requestId", found->second.id).string("reason", reason);
    o.close();
    notify("notifications/cancelled", raw_json::trusted(params));
  }
  leave(number);
}

}  // namespace longhaul::testkit
