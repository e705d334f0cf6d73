// SPDX-License-Identifier: Apache-2.0
#include "wire/calling.hpp"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "longhaul/resource.hpp"
#include "wire/notifications.hpp"
#include "wire/questions.hpp"
#include "wire/refusals.hpp"
#include "wire/result_json.hpp"
#include "wire/result_writer.hpp"
#include "wire/task_json.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

// Of a call that waits: progress if a token came, logs if the request or its session named a level,
// questions as requests to the client where the revision has such.
class call_audience final : public stream_audience {
 public:
  call_audience(const context& shared, const incoming& request, serving::exchange_ptr mailbox)
      : stream_audience(request),
        shared_(shared),
        mailbox_(std::move(mailbox)),
        least_(request.look.stateless ? parse_log_level(request.meta.log_level) : std::nullopt) {}

  bool wants_progress() const override {
    return request_.streams && bool(request_.meta.progress_token);
  }

  bool progress(const tasks::progress_event& event) override {
    if (request_.client != nullptr && !request_.client->initialized()) return false;
    send(progress_message(request_.meta.progress_token, event));
    return true;  // one figure more or less: the next one says it better
  }

  bool log(const tasks::log_event& event) override {
    const auto least = request_.client != nullptr ? request_.client->least_log() : least_;
    if (least && event.level >= *least) send(log_message(event));
    return true;
  }

  bool question(const task_record& task, const task_input& input, int round) override {
    std::string text = question_message(shared_, request_.look.questions, task, input, round);
    if (request_.stream == nullptr) {
      return request_.client->send_when_initialized(request_.out, std::move(text));
    }
    return request_.stream->ask(
        {shared_.questions.make(task.id(), input.key, round), {}, input.key, std::move(text)},
        mailbox_);
  }

  void close_stream(milliseconds retry) override {
    if (request_.stream != nullptr) request_.stream->close(retry);
  }

  bool url_done(const task_record& task, std::string_view key) override {
    return !request_.look.questions.url_ids || send(url_done_message(shared_, task, key));
  }

 private:
  const context& shared_;
  const serving::exchange_ptr mailbox_;
  const std::optional<log_level> least_;
};

// A refusal in words that the model reads: arguments that do not fit, above all.
wire_reply readable_error(const context& shared, const incoming& request,
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
    request.client->streams().note_task(created.task->id());
    json::object task(result.members().key("task"));
    append_task(task, look, view, shared.clock.now());
    task.close();
  }
  return result.end();
}

// The call is to be repeated with answers, and with the state that seals which call it was.
wire_reply ask_for_input(const context& shared, const incoming& request,
                         const serving::call_request& call, const serving::needs_input& asks) {
  call_state state;
  if (asks.task) {
    state.task = asks.task->id();
    state.rev = asks.task->rev;
  } else {
    state.answers = given_answers_json(asks.given);
  }
  state.owner = request.who.owner;
  state.tool = call.tool;
  state.arguments = hash_of_json(call.arguments.view());
  state.expires = shared.clock.now() + tunables::request_state_lifetime;
  result_writer result(shared, request, 1024, "input_required");
  append_input_requests(result.members().key("inputRequests"), asks, call.modes);
  result.members().string("requestState", shared.states.seal(state));
  return result.end();
}

// What a handler says in a JSON-RPC error. Revisions differ in the code of a missing resource.
wire_reply reply_with_error(const incoming& request, json::value failure) {
  const auto given = static_cast<int>(failure["code"].integer().value_or(0));
  if (request.look.stateless && given == longhaul::resource_not_found::error_code) {
    return error(request, code::invalid_params, failure["message"].string().value_or(""),
                 failure["data"].raw());
  }
  // In sessions 400 says that the message is none, and that is not for a tool to say.
  const int status = request.look.stateless ? status_of(request.look, given) : 200;
  return {status, error_object_reply(request.call.id, failure.raw())};
}

// A tool's own error where no model reads the result.
wire_reply reply_with_tool_error(const incoming& request, json::value result) {
  std::string words;
  for (json::elements e(result["content"]); e.next();) {
    words = e.value()["text"].string().value_or("");
    if (!words.empty()) break;
  }
  return error(request, code::internal_error, words.empty() ? "The handler failed" : words);
}

wire_reply reply_with_outcome(const context& shared, const incoming& request, const outcome& result,
                              const call_kind& kind) {
  if (result.is_protocol_error) return reply_with_error(request, json::value(result.body));
  if (result.is_error && !kind.tool)
    return reply_with_tool_error(request, json::value(result.body));
  result_look look = kind.tool ? request.look.results : result_look();
  std::string lead;
  if (request.look.stateless) {
    look.meta = shared.server_meta;
    const bool named = kind.names_its_type && json::value(result.body)["resultType"];
    if (!named) look.lead = request.look.results.lead;
    if (!kind.lead.empty()) {
      lead = std::string(look.lead).append(kind.lead);
      look.lead = lead;
    }
  }
  wire_reply reply;
  begin_result(reply.body, request.call.id,
               result.body.size() + look.lead.size() + look.meta.size() + 16);
  append_result(reply.body, result.body.view(), look);
  end_message(reply.body);
  return reply;
}

wire_reply reply_to_refusal(const context& shared, const incoming& request,
                            const serving::refused& refused, const call_kind& kind) {
  const bool declined = refused.why == serving::refusal::declined;
  if (declined && refused.code == 0 && kind.tool) {
    return readable_error(shared, request, refused.message);
  }
  if (refused.why != serving::refusal::invalid_arguments) return refuse(request, refused);
  if (!kind.missing_resource.empty()) return resource_not_found(request, kind.missing_resource);
  return kind.tool && request.look.readable_argument_errors
             ? readable_error(shared, request, refused.message)
             : refuse(request, refused);
}

wire_reply reply_to_call(const context& shared, const incoming& request,
                         const serving::call_request& call, const serving::call_reply& reply,
                         const call_kind& kind) {
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    return reply_to_refusal(shared, request, *refused, kind);
  }
  if (const auto* asks = std::get_if<serving::needs_input>(&reply)) {
    return ask_for_input(shared, request, call, *asks);
  }
  if (const auto* created = std::get_if<serving::created_task>(&reply)) {
    return reply_with_task(shared, request, *created);
  }
  return reply_with_outcome(shared, request, std::get<outcome>(reply), kind);
}

}  // namespace

wire_reply resource_not_found(const incoming& request, std::string_view uri) {
  std::string data;
  json::object(data).string("uri", uri).close();
  serving::refused missing;
  missing.why = serving::refusal::unknown_resource;
  return refuse(request, missing, data);
}

wire_reply refuse_unrun(const context& shared, const incoming& request, std::string callable,
                        raw_json arguments, const serving::refused& why, wire_reply reply) {
  serving::call_request call;
  call.tool = std::move(callable);
  call.arguments = std::move(arguments);
  call.whole_meta = request.meta.all;
  const auto declined = shared.server.decline_unrun(request.who, std::move(call), why);
  return declined ? refuse(request, *declined) : std::move(reply);
}

awaitable<wire_reply> run_call(context& shared, const incoming& request, serving::call_request call,
                               call_kind kind) {
  if (shared.stopping && call.resume.empty()) {
    co_return stopping(request.look, request.call.id);
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto mailbox = std::make_shared<serving::exchange>(executor);
  request.id.attach(mailbox);
  call_audience audience(shared, request, mailbox);
  // In sessions the client leaving is not cancellation: `notifications/cancelled` is, and comes
  // through `request.id`.
  std::optional<gone_watch> watch;
  if (request.look.stateless) watch.emplace(request, mailbox);
  const serving::call_reply reply =
      co_await shared.server.call(request.who, call, mailbox, audience);
  co_return reply_to_call(shared, request, call, reply, kind);
}

}  // namespace longhaul::wire
