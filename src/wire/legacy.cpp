// SPDX-License-Identifier: Apache-2.0
#include "wire/legacy.hpp"

#include "longhaul/error_codes.hpp"
#include "wire/modern_tasks.hpp"
#include "wire/resources.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

// The audience of a call that waits: progress and questions go to its own stream.
class call_audience final : public stream_audience {
 public:
  call_audience(const service& shared, const incoming& in, session& of)
      : stream_audience(in), shared_(shared), session_(of) {}

  bool wants_progress() const override { return in_.streams && bool(in_.meta.progress_token); }

  bool progress(const tasks::progress_event& event) override {
    if (!session_.initialized()) return false;
    send(progress_message(in_.meta.progress_token, event));
    return true;  // one figure more or less: the next one says it better
  }

  bool question(const task_record& task, const task_input& input, int round) override {
    return session_.send_when_initialized(
        in_.out, session_.dialect().question(shared_, task, input, round, {}));
  }

 private:
  const service& shared_;
  session& session_;
};

wire_reply list_tools(const service& shared, const incoming& in, const legacy_looks& looks) {
  const json::value given = in.call.params["cursor"];
  const auto cursor = given.string();
  if (given && !cursor) {
    return legacy_error(in.call.id, code::invalid_params,
                        "Invalid params: 'cursor' must be a string");
  }
  const auto reply = shared.server.list_tools(cursor);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    return legacy_refusal(in.call.id, *no);
  }
  const auto& page = std::get<serving::tool_page>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id, page.tools.size() * 512);
  json::object o(answer.body);
  std::string& out = o.key("tools");
  out += '[';
  for (const auto* tool : page.tools) {
    if (out.back() != '[') out += ',';
    append_tool(out, *tool, looks.tools);
  }
  out += ']';
  if (page.next_cursor) o.string("nextCursor", *page.next_cursor);
  o.close();
  end_message(answer.body);
  return answer;
}

std::string_view read_call(const incoming& in, const session& of, serving::call_request& request) {
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
  std::string_view fault;
  auto key = read_idempotency_key(in.meta, in.who, fault);
  if (!key) return fault;
  request.idempotency_key = std::move(*key);
  request.plain_for_always = !of.dialect().looks().tasks;
  request.modes = of.modes();
  const bool askable = in.streams && (request.modes.form || request.modes.url);
  request.ask = askable ? serving::asking::on_stream : serving::asking::impossible;
  return of.dialect().read_call(params, request);
}

wire_reply reply_to_call(const service& shared, const incoming& in, const legacy_dialect& dialect,
                         const serving::call_reply& reply) {
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    if (no->why != serving::refusal::invalid_arguments ||
        !dialect.looks().readable_argument_errors) {
      return legacy_refusal(in.call.id, *no);
    }
    std::string result = R"({"content":[{"type":"text","text":)";
    json::append_string(result, no->message);
    result += R"(}],"isError":true})";
    return {200, result_reply(in.call.id, result)};
  }
  if (const auto* made = std::get_if<serving::created_task>(&reply)) {
    return dialect.reply_with_task(shared, in, *made);
  }
  const auto* result = std::get_if<outcome>(&reply);
  if (result == nullptr) {  // `needs_input` is never asked for here
    return legacy_error(in.call.id, code::internal_error, "Internal error");
  }
  if (result->is_protocol_error) return {200, error_object_reply(in.call.id, result->body.view())};
  wire_reply answer;
  begin_result(answer.body, in.call.id, result->body.size());
  append_result(answer.body, result->body.view(), dialect.looks().results);
  end_message(answer.body);
  return answer;
}

awaitable<wire_reply> call_tool(service& shared, const incoming& in, session& of) {
  serving::call_request request;
  if (const auto fault = read_call(in, of, request); !fault.empty()) {
    co_return legacy_error(in.call.id, code::invalid_params, fault);
  }
  if (shared.stopping) {
    serving::refused stopping;
    stopping.why = serving::refusal::shutting_down;
    co_return legacy_refusal(in.call.id, stopping);
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto exchange = std::make_shared<serving::exchange>(executor);
  in.open.attach(exchange);
  // The client leaving is not cancellation: nothing watches it. `notifications/cancelled` is, and
  // comes through `in.open`.
  call_audience audience(shared, in, of);
  auto pending = shared.server.call(in.who, std::move(request), exchange, audience, true);
  const auto reply = co_await std::move(pending);
  co_return reply_to_call(shared, in, of.dialect(), reply);
}

wire_reply list_resources(const incoming& in) {
  if (in.call.params["cursor"]) {
    return legacy_error(in.call.id, code::invalid_params, "Invalid params: there is only one page");
  }
  if (in.call.method == "resources/list") {  // outputs of tasks: their results link them
    return {200, result_reply(in.call.id, R"({"resources":[]})")};
  }
  return {200, result_reply(in.call.id, R"({"resourceTemplates":)" +
                                            std::string(resource_templates_json()) + "}")};
}

awaitable<wire_reply> read_resource(service& shared, const incoming& in) {
  constexpr int resource_not_found = -32002;
  const auto uri = in.call.params["uri"].string();
  if (!uri) {
    co_return legacy_error(in.call.id, code::invalid_params,
                           "Invalid params: 'uri' must be a string");
  }
  auto reading = shared.server.read_resource(in.who, *uri);
  const auto reply = co_await std::move(reading);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    if (no->why != serving::refusal::unknown_resource) co_return legacy_refusal(in.call.id, *no);
    co_return wire_reply{200, error_reply(in.call.id, resource_not_found, "Resource not found",
                                          not_found_data(*uri))};
  }
  const auto& contents = std::get<serving::resource_contents>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id, contents.bytes.size() + 512);
  json::object o(answer.body);
  append_contents(o, *uri, contents);
  o.close();
  end_message(answer.body);
  co_return answer;
}

}  // namespace

wire_reply legacy_dialect::reply_with_task(const service&, const incoming& in,
                                           const serving::created_task&) const {
  return legacy_error(in.call.id, code::internal_error, "Internal error");
}

awaitable<std::optional<wire_reply>> legacy_dialect::handle_more(service&, const incoming&,
                                                                 session&) const {
  co_return std::nullopt;
}

const legacy_dialect& dialect_of(revision version) {
  switch (version) {
    case revision::v2025_03_26:
      return legacy_2025_03_26();
    case revision::v2025_06_18:
      return legacy_2025_06_18();
    default:
      return legacy_2025_11_25();
  }
}

std::string_view read_initialize(json::value params, initialization& into) {
  const auto version = params["protocolVersion"].string();
  if (!version) return "Invalid params: 'protocolVersion' must be a string";
  into.dialect = &dialect_of(negotiate(*version));
  into.modes = into.dialect->modes_in(params["capabilities"]);
  return {};
}

wire_reply initialize_reply(const service& shared, const incoming& in,
                            const legacy_dialect& dialect) {
  const auto& identity = shared.server.tools().identity();
  wire_reply answer;
  begin_result(answer.body, in.call.id, 512 + identity.instructions.size());
  json::object o(answer.body);
  o.string("protocolVersion", to_string(dialect.looks().version));
  json::object capabilities(o.key("capabilities"));
  capabilities.raw("tools", "{}");
  if (shared.server.has_resources()) capabilities.raw("resources", "{}");
  dialect.append_capabilities(capabilities, in.who);
  capabilities.close();
  o.raw("serverInfo", server_info(identity, dialect.looks().titles));
  if (!identity.instructions.empty()) o.string("instructions", identity.instructions);
  o.close();
  end_message(answer.body);
  return answer;
}

awaitable<wire_reply> handle_legacy(service& shared, const incoming& in, session& of) {
  const std::string_view method = in.call.method;
  if (method == "tools/call") co_return co_await call_tool(shared, in, of);
  if (method == "tools/list") co_return list_tools(shared, in, of.dialect().looks());
  if (method == "ping") co_return wire_reply{200, result_reply(in.call.id, "{}")};
  if (shared.server.has_resources()) {
    if (method == "resources/read") co_return co_await read_resource(shared, in);
    if (method == "resources/list" || method == "resources/templates/list") {
      co_return list_resources(in);
    }
  }
  auto more = of.dialect().handle_more(shared, in, of);
  if (auto reply = co_await std::move(more)) co_return std::move(*reply);
  co_return legacy_error(in.call.id, code::method_not_found, "Method not found");
}

awaitable<void> take_response(service& shared, const serving::caller& who,
                              const message& response) {
  const auto id = response.id.string();
  if (!id) co_return;
  const auto question = shared.questions.read(*id);
  if (!question) co_return;
  std::vector<stores::response> answers(1);
  answers[0].key = question->key;
  answers[0].value = response.result.is(json::kind::object)
                         ? keep(response.result)
                         : raw_json::trusted(R"({"action":"cancel"})");
  auto updating = shared.server.update(who, question->task, answers);
  const auto updated = co_await std::move(updating);
  const auto* no = std::get_if<serving::refused>(&updated);
  if (no == nullptr) co_return;
  const bool unfit = no->why == serving::refusal::bad_answer;
  // Nothing tells the client that its answer could not be kept now, so it is asked for it again.
  if (!unfit && no->why != serving::refusal::busy) co_return;
  if (question->round < serving::max_rounds) {
    shared.server.ask_again(question->task, question->key, question->round + 1);
    co_return;
  }
  if (!unfit) co_return;
  answers[0].value = raw_json::trusted(R"({"action":"cancel"})");
  auto giving_up = shared.server.update(who, question->task, answers);
  co_await std::move(giving_up);
}

wire_reply legacy_error(json::value id, int error_code, std::string_view message) {
  return {error_code == code::invalid_request ? 400 : 200, error_reply(id, error_code, message)};
}

wire_reply legacy_refusal(json::value id, const serving::refused& why) {
  switch (why.why) {
    case serving::refusal::task_forbidden:
    case serving::refusal::task_required:
      return legacy_error(id, code::method_not_found, why.message);
    case serving::refusal::unknown_task:
      return legacy_error(id, code::invalid_params, "Invalid params: task not found");
    case serving::refusal::already_terminal:
      if (!why.task) break;
      return legacy_error(id, code::invalid_params,
                          "Invalid params: cannot cancel a task that has ended");
    case serving::refusal::unknown_tool:
    case serving::refusal::unknown_resource:
    case serving::refusal::invalid_arguments:
    case serving::refusal::bad_cursor:
    case serving::refusal::bad_resume:
      return legacy_error(id, code::invalid_params, why.message);
    case serving::refusal::bad_answer:
      return legacy_error(id, code::invalid_params, "Invalid params: " + why.message);
    case serving::refusal::busy:
    case serving::refusal::shutting_down:
      return {200, busy_reply(id, why)};
    case serving::refusal::idempotency_conflict:
      return legacy_error(id, error_codes::idempotency_conflict, why.message);
    case serving::refusal::abandoned:
      // Suppressed if this client cancelled; else somebody with the same idempotency key did.
      return legacy_error(id, error_codes::cancelled, "The call was cancelled");
    case serving::refusal::internal:
      break;
  }
  return {200, internal_error_reply(id, why)};
}

std::string question_message(std::string_view id, json::value request, std::string_view left_out,
                             std::string_view added, std::string_view meta) {
  const json::value params = request["params"];
  std::string out;
  out.reserve(id.size() + request.raw().size() + added.size() + meta.size() + 96);
  out += R"({"jsonrpc":"2.0","id":)";
  json::append_string(out, id);
  out += R"(,"method":)";
  out += request["method"].raw();
  out += R"(,"params":)";
  json::object o(out);
  append_members_except(o, params, "_meta", left_out);
  if (!meta.empty()) {
    std::string& at = o.key("_meta");
    at += '{';
    at += meta;
    at += '}';
  }
  out += added;
  o.close();
  out += '}';
  return out;
}

}  // namespace longhaul::wire
