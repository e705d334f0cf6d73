// SPDX-License-Identifier: Apache-2.0
// Revision 2025-11-25: tasks that the client asks for (`params.task`), their result fetched by a
// request that waits, and URLs in questions. Basic utilities "Tasks", client "Elicitation".
//
// A task's messages go to one open `tasks/result` stream of the session; without one, status and
// progress are dropped (they are optional) and questions wait.
#include <cmath>

#include "longhaul/error_codes.hpp"
#include "wire/legacy.hpp"
#include "wire/modern_tasks.hpp"

namespace longhaul::wire {
namespace {

// A tool's own error is a failure in this revision; its result can be fetched all the same.
std::string_view status_of(const task_record& task) noexcept {
  if (task.status == task_status::completed && task.result.is_error) return "failed";
  return to_string(task.status);
}

// The one form of a task, whoever asks for it.
void append_task(std::string& out, const task_record& task, milliseconds poll_interval,
                 timestamp now) {
  json::object o(out);
  const bool tool_failed = task.status == task_status::completed && task.result.is_error;
  append_task_head(o, task, status_of(task),
                   tool_failed ? "The tool reported an error: see the result" : "");
  if (const auto ttl = shown_ttl(task, now)) {
    o.integer("ttl", ttl->count());
  } else {
    o.null("ttl");
  }
  if (poll_interval.count() > 0) o.integer("pollInterval", poll_interval.count());
  o.close();
}

std::string related_task(std::string_view id) {
  std::string meta = R"("io.modelcontextprotocol/related-task":{"taskId":)";
  json::append_string(meta, id);
  meta += '}';
  return meta;
}

class result_audience final : public stream_audience {
 public:
  result_audience(const service& shared, const incoming& in, session& of, const task_record& task)
      : stream_audience(in),
        shared_(shared),
        session_(of),
        origin_(task.origin),
        token_(json::value(origin_->request_meta)["progressToken"]),
        related_(related_task(task.id())) {}
  ~result_audience() override { session_.release_stream(origin_->id, this); }

  bool wants_progress() const override {
    return in_.streams && (token_.is(json::kind::string) || token_.is(json::kind::number));
  }
  std::optional<double> told() const override { return session_.told_progress(origin_->id); }

  bool progress(const tasks::progress_event& event) override {
    if (!session_.initialized() || !holds()) return false;
    if (session_.advance_progress(origin_->id, event.state.done)) {
      send(progress_message(token_, event, related_));
    }
    return true;
  }

  bool changed(const serving::task_view& view) override {
    if (!holds() || !session_.initialized()) return true;
    std::string out = R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":)";
    append_task(out, *view.task, view.poll_interval, shared_.clock.now());
    out += '}';
    return send(std::move(out));
  }

  bool question(const task_record& task, const task_input& input, int round) override {
    // What this client cannot show waits for one that can.
    if (!in_.streams || !may_show(json::value(input.request), session_.modes())) return true;
    if (!holds()) return false;  // tried again: the other stream may end before the answer
    return session_.send_when_initialized(
        in_.out, session_.dialect().question(shared_, task, input, round, related_));
  }

 private:
  bool holds() { return in_.streams && session_.hold_stream(origin_->id, this); }

  const service& shared_;
  session& session_;
  const std::shared_ptr<const task_origin> origin_;
  const json::value token_;  // views origin_->request_meta
  const std::string related_;
};

// Reads `params.task`. A fault is returned as its words.
std::string_view read_task_metadata(json::value task, serving::call_request& request) {
  if (!task) return {};
  if (!task.is(json::kind::object)) return "Invalid params: 'task' must be an object";
  request.mode = serving::call_mode::as_task;
  request.invalid_makes_task = true;
  const json::value ttl = task["ttl"];
  if (!ttl) return {};
  request.retention_given = true;
  if (ttl.is(json::kind::null)) return {};  // unlimited, as far as the server allows
  const auto number = ttl.number();
  if (!number || !(*number >= 0))
    return "Invalid params: 'task.ttl' must be a number of milliseconds";
  constexpr double most = 9e15;  // beyond what any server grants; keeps the conversion defined
  request.retention = milliseconds(static_cast<std::int64_t>(std::min(*number, most)));
  return {};
}

awaitable<wire_reply> get_task(service& shared, const incoming& in, std::string_view id) {
  auto pending = shared.server.get(in.who, id);
  const auto reply = co_await std::move(pending);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    co_return legacy_refusal(in.call.id, *no);
  }
  const auto& view = std::get<serving::task_view>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id);
  append_task(answer.body, *view.task, view.poll_interval, shared.clock.now());
  end_message(answer.body);
  co_return answer;
}

awaitable<wire_reply> cancel_task(service& shared, const incoming& in, std::string_view id) {
  auto pending = shared.server.cancel(in.who, id, "by request");
  const auto reply = co_await std::move(pending);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    co_return legacy_refusal(in.call.id, *no);
  }
  const auto& view = std::get<serving::task_view>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id);
  append_task(answer.body, *view.task, view.poll_interval, shared.clock.now());
  end_message(answer.body);
  co_return answer;
}

wire_reply final_result(const incoming& in, const task_record& task, const result_look& results) {
  if (task.status == task_status::cancelled) {
    return legacy_error(in.call.id, error_codes::cancelled, "The task was cancelled");
  }
  const outcome& ended = task.result;
  if (ended.is_protocol_error) return {200, error_object_reply(in.call.id, ended.body.view())};
  const std::string related = related_task(task.id());
  result_look look = results;
  look.meta = related;
  wire_reply answer;
  begin_result(answer.body, in.call.id, ended.body.size() + related.size() + 32);
  append_result(answer.body, ended.body.view(), look);
  end_message(answer.body);
  return answer;
}

awaitable<wire_reply> task_result(service& shared, const incoming& in, session& of,
                                  std::string_view id) {
  auto reading = shared.server.get(in.who, id);
  const auto known = co_await std::move(reading);
  if (const auto* no = std::get_if<serving::refused>(&known)) {
    co_return legacy_refusal(in.call.id, *no);
  }
  const auto& results = of.dialect().looks().results;
  const task_record& task = *std::get<serving::task_view>(known).task;
  if (task.terminal()) co_return final_result(in, task, results);

  const auto executor = co_await boost::asio::this_coro::executor;
  const auto exchange = std::make_shared<serving::exchange>(executor);
  in.open.attach(exchange);
  result_audience audience(shared, in, of, task);
  const gone_watch watch(in, exchange);  // ends the wait, never the task
  auto waiting = shared.server.result(in.who, id, exchange, audience);
  const auto reply = co_await std::move(waiting);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    co_return legacy_refusal(in.call.id, *no);
  }
  co_return final_result(in, *std::get<serving::task_view>(reply).task, results);
}

awaitable<wire_reply> list_tasks(service& shared, const incoming& in) {
  const json::value given = in.call.params["cursor"];
  const auto cursor = given.string();
  // The store's first page has the empty cursor; on the wire an empty string is a cursor, and none
  // that we ever gave.
  if (given && (!cursor || cursor->empty())) {
    co_return legacy_error(in.call.id, code::invalid_params,
                           "Invalid params: 'cursor' is not one that tasks/list gave");
  }
  auto pending =
      shared.server.list(in.who, cursor ? std::string_view(*cursor) : std::string_view());
  const auto reply = co_await std::move(pending);
  if (const auto* no = std::get_if<serving::refused>(&reply)) {
    co_return legacy_refusal(in.call.id, *no);
  }
  const auto& page = std::get<serving::task_page>(reply);
  wire_reply answer;
  begin_result(answer.body, in.call.id, page.tasks.size() * 256);
  json::object o(answer.body);
  std::string& out = o.key("tasks");
  out += '[';
  for (const auto& view : page.tasks) {
    if (out.back() != '[') out += ',';
    append_task(out, *view.task, view.poll_interval, shared.clock.now());
  }
  out += ']';
  if (page.next_cursor) o.string("nextCursor", *page.next_cursor);
  o.close();
  end_message(answer.body);
  co_return answer;
}

class dialect final : public legacy_dialect {
 public:
  dialect()
      : legacy_dialect({.version = revision::v2025_11_25,
                        .tasks = true,
                        .tools = {.any_output_root = false, .task_support = true},
                        .results = {.structured_content = result_look::structured::objects}}) {}

  serving::question_modes modes_in(json::value capabilities) const override {
    return question_modes_in(capabilities, true);
  }

  void append_capabilities(json::object& into, const serving::caller& who) const override {
    // Whoever cannot be told from others must not see a list: the ids are the only keys then.
    into.raw("tasks", who.identified ? R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"
                                     : R"({"cancel":{},"requests":{"tools":{"call":{}}}})");
  }

  std::string_view read_call(const json::indexed& params,
                             serving::call_request& request) const override {
    return read_task_metadata(params["task"], request);
  }

  std::string question(const service& shared, const task_record& task, const task_input& input,
                       int round, std::string_view meta) const override {
    const json::value request(input.request);
    const std::string id = shared.questions.make(task.id(), input.key, round);
    std::string added;
    if (request["params"]["mode"].equals("url")) {
      added = R"(,"elicitationId":)";
      json::append_string(added, id);
    }
    return question_message(id, request, "elicitationId", added, meta);
  }

  wire_reply reply_with_task(const service& shared, const incoming& in,
                             const serving::created_task& made) const override {
    wire_reply answer;
    begin_result(answer.body, in.call.id, 400);
    answer.body += R"({"task":)";
    append_task(answer.body, *made.task, made.poll_interval, shared.clock.now());
    answer.body += '}';
    end_message(answer.body);
    return answer;
  }

  awaitable<std::optional<wire_reply>> handle_more(service& shared, const incoming& in,
                                                   session& of) const override {
    const std::string_view method = in.call.method;
    if (method == "tasks/list" && in.who.identified) co_return co_await list_tasks(shared, in);
    const bool named =
        method == "tasks/get" || method == "tasks/result" || method == "tasks/cancel";
    if (!named) co_return std::nullopt;
    const auto id = in.call.params["taskId"].string();
    if (!id) {
      co_return legacy_error(in.call.id, code::invalid_params,
                             "Invalid params: 'taskId' must be a string");
    }
    if (method == "tasks/get") co_return co_await get_task(shared, in, *id);
    if (method == "tasks/cancel") co_return co_await cancel_task(shared, in, *id);
    co_return co_await task_result(shared, in, of, *id);
  }
};

}  // namespace

const legacy_dialect& legacy_2025_11_25() {
  static const dialect only;
  return only;
}

}  // namespace longhaul::wire
