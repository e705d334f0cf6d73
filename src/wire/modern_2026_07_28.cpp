// SPDX-License-Identifier: Apache-2.0
#include "wire/modern_2026_07_28.hpp"

#include "longhaul/error_codes.hpp"
#include "wire/modern_tasks.hpp"
#include "wire/render.hpp"
#include "wire/resources.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

constexpr std::string_view complete = R"("resultType":"complete",)";

std::string server_member(const serving::server_identity& identity) {
  return R"("io.modelcontextprotocol/serverInfo":)" + server_info(identity, true);
}

void append_caching(json::object& result) {
  result.integer("ttlMs", milliseconds(tunables::list_ttl).count());
  result.string("cacheScope", "public");  // the same tools for everybody
}

std::string discovery_result(const serving::dispatcher& server, std::string_view meta) {
  const serving::server_identity& identity = server.tools().identity();
  std::string out;
  json::object o(out);
  o.string("resultType", "complete").raw("supportedVersions", supported_versions_json());
  json::object capabilities(o.key("capabilities"));
  capabilities.raw("tools", "{}");
  if (server.has_resources()) capabilities.raw("resources", "{}");
  capabilities.raw("extensions", R"({"io.modelcontextprotocol/tasks":{}})");
  capabilities.close();
  if (!identity.instructions.empty()) o.string("instructions", identity.instructions);
  append_caching(o);
  o.raw("_meta", "{" + std::string(meta) + "}");
  o.close();
  return out;
}

// The audience of a plain call: progress if a token came, logs if a level came.
class call_audience final : public stream_audience {
 public:
  explicit call_audience(const incoming& in)
      : stream_audience(in), least_(parse_log_level(in.meta.log_level)) {}

  bool wants_progress() const override { return in_.streams && bool(in_.meta.progress_token); }

  bool progress(const tasks::progress_event& event) override {
    send(progress_message(in_.meta.progress_token, event));
    return true;  // one figure more or less: the next one says it better
  }

  bool log(const tasks::log_event& event) override {
    if (!least_ || event.level < *least_) return true;
    std::string out;
    begin_notification(out, "notifications/message", event.message.size() + 64);
    out += R"("level":)";
    json::append_string(out, to_string(event.level));
    out += R"(,"data":)";
    json::append_string(out, event.message);
    out += "}}";
    send(std::move(out));
    return true;
  }

 private:
  const std::optional<log_level> least_;
};

// Reads the parameters of `tools/call` but for `requestState`. A fault is returned as its words.
std::string_view read_call(const incoming& in, serving::call_request& request) {
  const json::indexed& params = in.call.params;
  auto name = params["name"].string();
  if (!name) return "Invalid params: 'name' must be a string";
  request.tool = std::move(*name);
  const json::value arguments = params["arguments"];
  if (arguments && !arguments.is(json::kind::object)) {
    return "Invalid params: 'arguments' must be an object";
  }
  request.arguments = keep(arguments);
  request.meta = keep_meta(in.meta.all);
  if (const auto responses = params["inputResponses"]) {
    auto answers = read_responses(responses);
    if (!answers)
      return "Invalid params: 'inputResponses' must be an object of at most 256 members";
    request.answers = std::move(*answers);
  }
  std::string_view fault;
  auto key = read_idempotency_key(in.meta, in.who, fault);
  if (!key) return fault;
  request.idempotency_key = std::move(*key);
  request.mode =
      declares_tasks(in.meta) ? serving::call_mode::may_become_task : serving::call_mode::wait;
  request.modes = question_modes_of(in.meta);
  request.ask = request.modes.form || request.modes.url ? serving::asking::by_reply
                                                        : serving::asking::impossible;
  return {};
}

awaitable<wire_reply> at_once(wire_reply reply) { co_return reply; }

wire_reply missing_tasks_extension(json::value id) {
  return modern_2026_07_28::refuse(
      id, code::missing_capability,
      "Missing required client capability: io.modelcontextprotocol/tasks",
      R"({"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})");
}

}  // namespace

modern_2026_07_28::modern_2026_07_28(service& shared)
    : shared_(shared),
      server_meta_(server_member(shared.server.tools().identity())),
      discovery_(discovery_result(shared.server, server_meta_)) {}

int modern_2026_07_28::status_of(int error_code) noexcept {
  switch (error_code) {
    case code::method_not_found:
      return 404;
    case code::parse_error:
    case code::invalid_request:
    case code::header_mismatch:
    case code::missing_capability:
    case code::unsupported_version:
      return 400;
    default:
      return 200;
  }
}

wire_reply modern_2026_07_28::refuse(json::value id, int error_code, std::string_view message,
                                     std::string_view data) {
  return {status_of(error_code), error_reply(id, error_code, message, data)};
}

wire_reply modern_2026_07_28::refuse_version(json::value id, json::value requested) {
  std::string data;
  json::object o(data);
  o.raw("supported", supported_versions_json()).raw("requested", requested.raw());
  o.close();
  return refuse(id, code::unsupported_version, "Unsupported protocol version", data);
}

awaitable<wire_reply> modern_2026_07_28::handle(const incoming& in) {
  const std::string_view method = in.call.method;
  if (method == "tools/call") return call_tool(in);
  if (method == "tools/list") return at_once(list_tools(in));
  if (method == "server/discover") return at_once(discover(in));
  if (method == "subscriptions/listen") return listen(in);
  if (method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel") {
    if (!declares_tasks(in.meta)) return at_once(missing_tasks_extension(in.call.id));
    if (!in.call.params["taskId"].is(json::kind::string)) {
      return at_once(
          refuse(in.call.id, code::invalid_params, "Invalid params: 'taskId' must be a string"));
    }
    if (method == "tasks/get") return get_task(in);
    if (method == "tasks/update") return update_task(in);
    return cancel_task(in);
  }
  if (shared_.server.has_resources()) {
    if (method == "resources/read") return read_resource(in);
    if (method == "resources/list" || method == "resources/templates/list") {
      return at_once(list_resources(in));
    }
  }
  // `initialize` too. A client of the other era finds here what it may speak.
  return at_once(
      refuse(in.call.id, code::method_not_found, "Method not found in protocol version 2026-07-28",
             method == "initialize"
                 ? R"({"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"]})"
                 : std::string_view()));
}

wire_reply modern_2026_07_28::discover(const incoming& in) const {
  return {200, result_reply(in.call.id, discovery_)};
}

wire_reply modern_2026_07_28::list_tools(const incoming& in) const {
  const json::value given = in.call.params["cursor"];
  const auto cursor = given.string();
  if (given && !cursor) {
    return refuse(in.call.id, code::invalid_params, "Invalid params: 'cursor' must be a string");
  }
  const auto reply = shared_.server.list_tools(cursor);
  if (const auto* no = std::get_if<serving::refused>(&reply)) return refuse(in, *no);
  const auto& page = std::get<serving::tool_page>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id, page.tools.size() * 512);
  json::object o(answer.body);
  o.string("resultType", "complete");
  std::string& out = o.key("tools");
  out += '[';
  for (const auto* tool : page.tools) {
    if (out.back() != '[') out += ',';
    append_tool(out, *tool, {});
  }
  out += ']';
  if (page.next_cursor) o.string("nextCursor", *page.next_cursor);
  append_caching(o);
  o.raw("_meta", "{" + server_meta_ + "}");
  o.close();
  end_message(answer.body);
  return answer;
}

wire_reply modern_2026_07_28::list_resources(const incoming& in) const {
  if (in.call.params["cursor"]) {
    return refuse(in.call.id, code::invalid_params, "Invalid params: there is only one page");
  }
  wire_reply answer;
  begin_result(answer.body, in.call.id, 1024);
  json::object o(answer.body);
  o.string("resultType", "complete");
  if (in.call.method == "resources/list") {
    o.raw("resources", "[]");  // outputs of tasks: their results link them
  } else {
    o.raw("resourceTemplates", resource_templates_json());
  }
  append_caching(o);
  o.raw("_meta", "{" + server_meta_ + "}");
  o.close();
  end_message(answer.body);
  return answer;
}

awaitable<wire_reply> modern_2026_07_28::read_resource(const incoming& in) {
  const auto uri = in.call.params["uri"].string();
  if (!uri) {
    co_return refuse(in.call.id, code::invalid_params, "Invalid params: 'uri' must be a string");
  }
  auto reading = shared_.server.read_resource(in.who, *uri);
  const auto reply = co_await std::move(reading);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    if (no->why != serving::refusal::unknown_resource) co_return refuse(in, *no);
    co_return refuse(in.call.id, code::invalid_params, "Resource not found", not_found_data(*uri));
  }
  const auto& contents = std::get<serving::resource_contents>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id, contents.bytes.size() + 512);
  json::object o(answer.body);
  o.string("resultType", "complete");
  append_contents(o, *uri, contents);
  o.integer("ttlMs", 0).string("cacheScope", "private");  // it grows, and it is one caller's
  o.raw("_meta", "{" + server_meta_ + "}");
  o.close();
  end_message(answer.body);
  co_return answer;
}

std::optional<std::string> modern_2026_07_28::resume_of(const incoming& in,
                                                        const serving::call_request& request,
                                                        json::value state) const {
  const auto text = state.string();
  if (!text) return std::nullopt;
  auto opened = shared_.states.open(*text);
  if (!opened || opened->owner != in.who.owner || opened->tool != request.tool ||
      opened->expires < shared_.clock.now() ||
      opened->arguments != hash_of_json(request.arguments.view())) {
    return std::nullopt;
  }
  return std::move(opened->task);
}

awaitable<wire_reply> modern_2026_07_28::call_tool(const incoming& in) {
  serving::call_request request;
  if (const auto fault = read_call(in, request); !fault.empty()) {
    co_return refuse(in.call.id, code::invalid_params, fault);
  }
  if (const auto state = in.call.params["requestState"]) {
    auto task = resume_of(in, request, state);
    if (!task) {
      co_return refuse(in.call.id, code::invalid_params,
                       "Invalid params: 'requestState' is not valid for this request");
    }
    request.resume = std::move(*task);
  }
  if (shared_.stopping && request.resume.empty()) {
    serving::refused stopping;
    stopping.why = serving::refusal::shutting_down;
    co_return refuse(in, stopping);
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto exchange = std::make_shared<serving::exchange>(executor);
  in.open.attach(exchange);
  call_audience audience(in);
  const gone_watch watch(in, exchange);
  auto pending = shared_.server.call(in.who, request, exchange, audience, true);
  auto reply = co_await std::move(pending);
  co_return reply_to_call(in, request, std::move(reply));
}

wire_reply modern_2026_07_28::reply_to_call(const incoming& in,
                                            const serving::call_request& request,
                                            serving::call_reply reply) const {
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    if (no->why != serving::refusal::invalid_arguments) return refuse(in, *no);
    wire_reply answer;
    begin_result(answer.body, in.call.id, no->message.size() + 256);
    append_error_result(answer.body, no->message, server_meta_);
    end_message(answer.body);
    return answer;
  }
  if (const auto* ask = std::get_if<serving::needs_input>(&reply)) {
    return ask_again(in, request, *ask->task);
  }
  wire_reply answer;
  if (const auto* made = std::get_if<serving::created_task>(&reply)) {
    begin_result(answer.body, in.call.id, 400 + server_meta_.size());
    json::object o(answer.body);
    o.string("resultType", "task");
    append_modern_task(o, *made->task, made->poll_interval, shared_.clock.now());
    o.raw("_meta", "{" + server_meta_ + "}");
    o.close();
    end_message(answer.body);
    return answer;
  }
  const auto& result = std::get<outcome>(reply);
  if (result.is_protocol_error) {
    const auto error_code = json::value(result.body)["code"].integer().value_or(0);
    return {status_of(static_cast<int>(error_code)),
            error_object_reply(in.call.id, result.body.view())};
  }
  begin_result(answer.body, in.call.id, result.body.size() + server_meta_.size() + 64);
  append_result(answer.body, result.body.view(), {.lead = complete, .meta = server_meta_});
  end_message(answer.body);
  return answer;
}

wire_reply modern_2026_07_28::ask_again(const incoming& in, const serving::call_request& request,
                                        const task_record& task) const {
  call_state state;
  state.task = task.id();
  state.rev = task.rev;
  state.owner = in.who.owner;
  state.tool = request.tool;
  state.arguments = hash_of_json(request.arguments.view());
  state.expires = shared_.clock.now() + tunables::request_state_lifetime;
  wire_reply answer;
  begin_result(answer.body, in.call.id, 1024);
  json::object o(answer.body);
  o.string("resultType", "input_required");
  append_input_requests(o.key("inputRequests"), task, request.modes);
  o.string("requestState", shared_.states.seal(state));
  o.raw("_meta", "{" + server_meta_ + "}");
  o.close();
  end_message(answer.body);
  return answer;
}

awaitable<wire_reply> modern_2026_07_28::get_task(const incoming& in) {
  const auto id = in.call.params["taskId"].string();
  auto pending = shared_.server.get(in.who, *id);
  const auto reply = co_await std::move(pending);
  if (const auto* no = std::get_if<serving::refused>(&reply)) co_return refuse(in, *no);
  const auto& view = std::get<serving::task_view>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id, 512 + view.task->result.body.size() + server_meta_.size());
  json::object o(answer.body);
  o.string("resultType", "complete");
  append_detailed_task(o, view, question_modes_of(in.meta), shared_.clock.now());
  o.raw("_meta", "{" + server_meta_ + "}");
  o.close();
  end_message(answer.body);
  co_return answer;
}

awaitable<wire_reply> modern_2026_07_28::update_task(const incoming& in) {
  const auto responses = read_responses(in.call.params["inputResponses"]);
  if (!responses) {
    co_return refuse(in.call.id, code::invalid_params,
                     "Invalid params: 'inputResponses' must be an object of at most 256 members");
  }
  const auto id = in.call.params["taskId"].string();
  auto pending = shared_.server.update(in.who, *id, *responses);
  const auto reply = co_await std::move(pending);
  if (const auto* no = std::get_if<serving::refused>(&reply)) co_return refuse(in, *no);
  co_return acknowledge(in);
}

awaitable<wire_reply> modern_2026_07_28::cancel_task(const incoming& in) {
  const auto id = in.call.params["taskId"].string();
  auto pending = shared_.server.cancel(in.who, *id, "by request");
  const auto reply = co_await std::move(pending);
  const auto* no = std::get_if<serving::refused>(&reply);
  // A finished task is acknowledged too: there is nothing left to stop.
  if (no != nullptr && no->why != serving::refusal::already_terminal) co_return refuse(in, *no);
  co_return acknowledge(in);
}

wire_reply modern_2026_07_28::acknowledge(const incoming& in) const {
  return {200,
          result_reply(in.call.id, R"({"resultType":"complete","_meta":{)" + server_meta_ + "}}")};
}

wire_reply modern_2026_07_28::refuse(const incoming& in, const serving::refused& why) const {
  const json::value id = in.call.id;
  switch (why.why) {
    case serving::refusal::task_required:
      return missing_tasks_extension(id);
    case serving::refusal::abandoned:
      // Read by nobody, unless another caller with the same idempotency key cancelled the work.
      return refuse(id, error_codes::cancelled, "The call was cancelled");
    case serving::refusal::unknown_task:
      return refuse(id, code::invalid_params, "Invalid params: task not found");
    case serving::refusal::unknown_tool:
    case serving::refusal::unknown_resource:
    case serving::refusal::invalid_arguments:
    case serving::refusal::bad_cursor:
    case serving::refusal::bad_resume:
    case serving::refusal::already_terminal:
    case serving::refusal::task_forbidden:
      return refuse(id, code::invalid_params, why.message);
    case serving::refusal::bad_answer:
      return refuse(id, code::invalid_params, "Invalid params: " + why.message);
    case serving::refusal::busy:
    case serving::refusal::shutting_down:
      return {200, busy_reply(id, why)};
    case serving::refusal::idempotency_conflict:
      return refuse(id, error_codes::idempotency_conflict, why.message);
    case serving::refusal::internal:
      break;
  }
  return {200, internal_error_reply(id, why)};
}

awaitable<wire_reply> modern_2026_07_28::listen(const incoming& in) {
  const json::value filter = in.call.params["notifications"];
  const json::value wanted = json::indexed(filter)["taskIds"];
  if (wanted && !declares_tasks(in.meta)) co_return missing_tasks_extension(in.call.id);
  const auto ids = read_task_ids(wanted);
  if (!filter.is(json::kind::object) || !ids) {
    co_return refuse(in.call.id, code::invalid_params,
                     "Invalid params: 'notifications' must be an object, and 'taskIds' in it an "
                     "array of at most 1024 strings");
  }
  if (!in.streams) {
    co_return refuse(in.call.id, code::invalid_request,
                     "Invalid request: a subscription needs 'Accept: text/event-stream'");
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto exchange = std::make_shared<serving::exchange>(executor);
  if (!shared_.streams.add(exchange)) {
    serving::refused stopping;
    stopping.why = serving::refusal::shutting_down;
    co_return refuse(in, stopping);
  }
  in.open.attach(exchange);
  const gone_watch watch(in, exchange);
  auto following = shared_.server.follow(in.who, *ids, exchange);
  const auto answer = co_await std::move(following);
  if (const auto* no = std::get_if<serving::refused>(&answer)) co_return refuse(in, *no);
  const auto& followed = std::get<std::vector<serving::task_view>>(answer);

  subscription_audience audience(in, shared_.clock);
  audience.waiting();
  if (!audience.acknowledge(followed, bool(wanted))) co_return wire_reply{};
  for (const auto& view : followed) {
    if (audience.changed(view)) continue;
    // The peer is slow: `listen` sends it as if it were news.
    exchange->seen[view.task->id()] = 0;
    exchange->on_task(view.task);
  }
  auto listening = shared_.server.listen(exchange, audience);
  const bool stopped = co_await std::move(listening);
  // What the client cancelled ends without a word, also if the server stops in the same moment.
  if (!stopped || in.open.close()) co_return wire_reply{};
  if (in.pipe) audience.announce_end();
  co_return wire_reply{200, result_reply(in.call.id, subscription_end(in.call.id, server_meta_))};
}

}  // namespace longhaul::wire
