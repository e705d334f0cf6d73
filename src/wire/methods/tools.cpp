// SPDX-License-Identifier: Apache-2.0
// `tools/list` and `tools/call`, for all revisions. Server features "Tools".
#include <boost/asio/this_coro.hpp>

#include "wire/call_parameters.hpp"
#include "wire/method_table.hpp"
#include "wire/notifications.hpp"
#include "wire/questions.hpp"
#include "wire/refusals.hpp"
#include "wire/result_json.hpp"
#include "wire/result_writer.hpp"
#include "wire/task_json.hpp"
#include "wire/tool_json.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

// Of a call that waits: progress if a token came, logs if a level came with the request, questions
// as requests to the client where the revision has such.
class call_audience final : public stream_audience {
 public:
  call_audience(const context& shared, const incoming& request)
      : stream_audience(request),
        shared_(shared),
        least_(parse_log_level(request.meta.log_level)) {}

  bool wants_progress() const override {
    return request_.streams && bool(request_.meta.progress_token);
  }

  bool progress(const tasks::progress_event& event) override {
    if (request_.client != nullptr && !request_.client->initialized()) return false;
    send(progress_message(request_.meta.progress_token, event));
    return true;  // one figure more or less: the next one says it better
  }

  bool log(const tasks::log_event& event) override {
    if (request_.look.stateless && least_ && event.level >= *least_) send(log_message(event));
    return true;
  }

  bool question(const task_record& task, const task_input& input, int round) override {
    std::string text = question_message(shared_, request_.look.questions, task, input, round);
    if (request_.stream == nullptr) {
      return request_.client->send_when_initialized(request_.out, std::move(text));
    }
    return request_.stream->ask(
        {shared_.questions.make(task.id(), input.key, round), {}, input.key, std::move(text)});
  }

  void close_stream(milliseconds retry) override {
    if (request_.stream != nullptr) request_.stream->close(retry);
  }

 private:
  const context& shared_;
  const std::optional<log_level> least_;
};

result_look look_of_results(const context& shared, const incoming& request) {
  result_look look = request.look.results;
  if (request.look.stateless) look.meta = shared.server_meta;
  return look;
}

// Arguments that do not fit, in words that the model reads.
wire_reply argument_error(const context& shared, const incoming& request,
                          std::string_view message) {
  result_writer result(shared, request, message.size() + 256);
  std::string& out = result.members().key("content");
  out += R"([{"type":"text","text":)";
  json::append_string(out, message);
  out += "}]";
  result.members().boolean("isError", true);
  return result.end();
}

wire_reply reply_with_task(const context& shared, const incoming& request,
                           const serving::created_task& created) {
  const serving::task_view view{created.task, created.poll_interval};
  const task_look& look = request.look.tasks;
  result_writer result(shared, request, 400, "task");
  if (look.tasks == task_look::dialect::extension) {
    append_task(result.members(), look, view, shared.clock.now());
  } else {
    if (request.stream != nullptr) request.client->streams().note_task(created.task->id());
    json::object task(result.members().key("task"));
    append_task(task, look, view, shared.clock.now());
    task.close();
  }
  return result.end();
}

// The call is to be repeated with answers, and with the state that seals which call it was.
wire_reply ask_for_input(const context& shared, const incoming& request,
                         const serving::call_request& call, const task_record& task) {
  call_state state;
  state.task = task.id();
  state.rev = task.rev;
  state.owner = request.who.owner;
  state.tool = call.tool;
  state.arguments = hash_of_json(call.arguments.view());
  state.expires = shared.clock.now() + tunables::request_state_lifetime;
  result_writer result(shared, request, 1024, "input_required");
  append_input_requests(result.members().key("inputRequests"), task, call.modes);
  result.members().string("requestState", shared.states.seal(state));
  return result.end();
}

wire_reply reply_with_outcome(const context& shared, const incoming& request,
                              const outcome& result) {
  if (result.is_protocol_error) {
    // In sessions 400 says that the message is none, and that is not for a tool to say.
    const auto error_code = json::value(result.body)["code"].integer().value_or(0);
    const int status =
        request.look.stateless ? status_of(request.look, static_cast<int>(error_code)) : 200;
    return {status, error_object_reply(request.call.id, result.body.view())};
  }
  const result_look look = look_of_results(shared, request);
  wire_reply reply;
  begin_result(reply.body, request.call.id,
               result.body.size() + look.lead.size() + look.meta.size() + 16);
  append_result(reply.body, result.body.view(), look);
  end_message(reply.body);
  return reply;
}

wire_reply reply_to_call(const context& shared, const incoming& request,
                         const serving::call_request& call, const serving::call_reply& reply) {
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    return refused->why == serving::refusal::invalid_arguments &&
                   request.look.readable_argument_errors
               ? argument_error(shared, request, refused->message)
               : refuse(request, *refused);
  }
  if (const auto* asks = std::get_if<serving::needs_input>(&reply)) {
    return ask_for_input(shared, request, call, *asks->task);
  }
  if (const auto* created = std::get_if<serving::created_task>(&reply)) {
    return reply_with_task(shared, request, *created);
  }
  return reply_with_outcome(shared, request, std::get<outcome>(reply));
}

bool has_tools(const serving::dispatcher&, const revision_look&) { return true; }

void advertise_tools(json::object& into, const serving::dispatcher& server, const revision_look&,
                     const serving::caller&) {
  into.raw("tools", server.features().changes() ? R"({"listChanged":true})" : "{}");
}

}  // namespace

extern const feature tools;
constexpr feature tools = {.offered = has_tools, .advertise = advertise_tools};

awaitable<wire_reply> list_tools(context& shared, const incoming& request) {
  const json::value given = request.call.params["cursor"];
  const auto cursor = given.string();
  if (given && !cursor) co_return invalid_params(request, "'cursor' must be a string");
  // Of the first page only: who reads on has a beginning that may be older.
  if (request.client != nullptr && !given && shared.server.features().changes()) {
    request.client->tools().read(shared.server.features(), request.who.owner);
  }
  const auto reply = shared.server.list_tools(request.who, cursor);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    co_return refuse(request, *refused);
  }
  const auto& page = std::get<serving::tool_page>(reply);
  result_writer result(shared, request, page.tools.size() * 512);
  std::string& out = result.members().key("tools");
  out += '[';
  for (const serving::entry_ptr& tool : page.tools) {
    if (out.back() != '[') out += ',';
    append_tool(out, tool->definition, request.look.tools);
  }
  out += ']';
  if (page.next_cursor) result.members().string("nextCursor", *page.next_cursor);
  const bool changes = shared.server.features().changes();
  result.caching(changes ? milliseconds(0) : milliseconds(tunables::list_ttl),
                 !shared.server.features().differs_by_caller());
  co_return result.end();
}

awaitable<wire_reply> call_tool(context& shared, const incoming& request) {
  const auto call = read_call(shared, request);
  if (!call) co_return invalid_params(request, call.error().words);
  if (shared.stopping && call->resume.empty()) {
    co_return stopping(request.look, request.call.id);
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto mailbox = std::make_shared<serving::exchange>(executor);
  request.id.attach(mailbox);
  call_audience audience(shared, request);
  // In sessions the client leaving is not cancellation: `notifications/cancelled` is, and comes
  // through `request.id`.
  std::optional<gone_watch> watch;
  if (request.look.stateless) watch.emplace(request, mailbox);
  const serving::call_reply reply =
      co_await shared.server.call(request.who, *call, mailbox, audience);
  co_return reply_to_call(shared, request, *call, reply);
}

}  // namespace longhaul::wire
