// SPDX-License-Identifier: Apache-2.0
// Requests about tasks: `tasks/get` and `tasks/cancel` in both dialects, `tasks/update` of the
// extension, `tasks/result` and `tasks/list` of 2025-11-25. Tasks extension; 2025-11-25 basic
// utilities "Tasks".
//
// A task's messages go to one open `tasks/result` stream of the session, else over HTTP to its GET
// stream (`wire/listening.hpp`); without one, status and progress are dropped (they are optional)
// and questions wait.
#include <boost/asio/this_coro.hpp>

#include "longhaul/error_codes.hpp"
#include "wire/method_table.hpp"
#include "wire/notifications.hpp"
#include "wire/questions.hpp"
#include "wire/refusals.hpp"
#include "wire/result_json.hpp"
#include "wire/result_writer.hpp"
#include "wire/task_json.hpp"

namespace longhaul::wire {
namespace {

bool has_extension(const incoming& request) {
  return request.look.tasks.tasks == task_look::dialect::extension;
}

std::string task_id(const incoming& request) { return *request.call.params["taskId"].string(); }

wire_reply reply_with_state(const context& shared, const incoming& request,
                            const serving::task_view& view) {
  result_writer result(shared, request, 512 + view.task->result.body.size());
  if (has_extension(request)) {
    append_detailed_task(result.members(), request.look, view, modes_of(request),
                         shared.clock.now());
  } else {
    append_task(result.members(), request.look.tasks, view, shared.clock.now());
  }
  return result.end();
}

class result_audience final : public stream_audience {
 public:
  result_audience(const context& shared, const incoming& request, const task_record& task,
                  serving::exchange_ptr mailbox)
      : stream_audience(request),
        shared_(shared),
        session_(*request.client),
        origin_(task.origin),
        token_(json::value(origin_->request_meta)["progressToken"]),
        related_(related_task(task.id())),
        mailbox_(std::move(mailbox)) {}
  ~result_audience() override {
    session_.release_stream(origin_->id, this);
    if (number() != 0) session_.streams().remove_result(origin_->id, number());
  }

  void waiting() override {
    stream_audience::waiting();
    if (number() == 0 || std::exchange(known_, true)) return;
    session_.streams().add_result(origin_->id, number(), mailbox_);
  }

  bool wants_progress() const override {
    return request_.streams && (token_.is(json::kind::string) || token_.is(json::kind::number));
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
    session_.streams().keep_open_questions(*view.task);
    if (!holds() || !session_.initialized()) return true;
    return send(status_message(request_.look.tasks, view, shared_.clock.now()));
  }

  bool question(const task_record& task, const task_input& input, int round) override {
    // What this client cannot show waits for one that can.
    const bool may = may_be_asked(session_.modes(), json::value(input.request));
    if (!request_.streams || !may) return true;
    std::string text =
        question_message(shared_, request_.look.questions, task, input, round, related_);
    waiting();  // over HTTP its stream comes before others
    return session_.streams().ask_of_task({shared_.questions.make(task.id(), input.key, round),
                                           task.id(), input.key, std::move(text)});
  }

  void close_stream(milliseconds retry) override {
    if (request_.stream != nullptr) request_.stream->close(retry);
  }

  bool url_done(const task_record& task, std::string_view key) override {
    if (!request_.look.questions.url_ids || !holds()) return true;
    return send(url_done_message(shared_, task, key));
  }

 private:
  stream_number number() const {
    return request_.stream != nullptr ? request_.stream->number() : 0;
  }
  bool holds() {
    if (!request_.streams) return false;
    return request_.stream != nullptr ? session_.streams().carries(origin_->id, number())
                                      : session_.hold_stream(origin_->id, this);
  }

  const context& shared_;
  session& session_;
  const std::shared_ptr<const task_origin> origin_;
  const json::value token_;  // views origin_->request_meta
  const std::string related_;
  const serving::exchange_ptr mailbox_;
  bool known_ = false;  // to the session, as a stream of this task
};

wire_reply final_result(const incoming& request, const task_record& task) {
  if (task.status == task_status::cancelled) {
    return error(request, error_codes::cancelled, "The task was cancelled");
  }
  const outcome& ended = task.result;
  if (ended.is_protocol_error) {
    return {200, error_object_reply(request.call.id, ended.body.view())};
  }
  const std::string related = related_task(task.id());
  result_look look = request.look.results;
  look.meta = related;
  wire_reply reply;
  begin_result(reply.body, request.call.id, ended.body.size() + related.size() + 32);
  append_result(reply.body, ended.body.view(), look);
  end_message(reply.body);
  return reply;
}

bool has_tasks(const serving::dispatcher&, const revision_look& look) {
  return look.tasks.tasks != task_look::dialect::none;
}

void advertise_tasks(json::object& into, const serving::dispatcher&, const revision_look&,
                     const serving::caller& who) {
  // Whoever cannot be told from others must not see a list: the ids are the only keys then.
  into.raw("tasks", who.identified ? R"({"list":{},"cancel":{},"requests":{"tools":{"call":{}}}})"
                                   : R"({"cancel":{},"requests":{"tools":{"call":{}}}})");
}

}  // namespace

extern const feature tasks_of_callers;
constexpr feature tasks_of_callers = {
    .offered = has_tasks, .advertise = advertise_tasks, .extension = tasks_extension};

awaitable<wire_reply> get_task(context& shared, const incoming& request) {
  const std::string id = task_id(request);
  const auto reply = co_await shared.server.get(request.who, id);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    co_return refuse(request, *refused);
  }
  co_return reply_with_state(shared, request, std::get<serving::task_view>(reply));
}

awaitable<wire_reply> update_task(context& shared, const incoming& request) {
  const auto responses = read_responses(request.call.params["inputResponses"]);
  if (!responses) co_return invalid_params(request, responses.error().words);
  const std::string id = task_id(request);
  const auto reply = co_await shared.server.update(request.who, id, *responses);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    co_return refuse(request, *refused);
  }
  co_return empty_result(shared, request);
}

awaitable<wire_reply> cancel_task(context& shared, const incoming& request) {
  const std::string id = task_id(request);
  const auto reply = co_await shared.server.cancel(request.who, id, "by request");
  const auto* refused = std::get_if<serving::refused>(&reply);
  if (has_extension(request)) {
    // A finished task is acknowledged as well: there is nothing left to stop.
    const bool ended = refused != nullptr && refused->why == serving::refusal::already_terminal;
    if (refused == nullptr || ended) co_return empty_result(shared, request);
  }
  if (refused != nullptr) co_return refuse(request, *refused);
  co_return reply_with_state(shared, request, std::get<serving::task_view>(reply));
}

awaitable<wire_reply> task_result(context& shared, const incoming& request) {
  const std::string id = task_id(request);
  const auto known = co_await shared.server.get(request.who, id, "result");
  if (const auto* refused = std::get_if<serving::refused>(&known)) {
    co_return refuse(request, *refused);
  }
  const task_record& task = *std::get<serving::task_view>(known).task;
  if (task.terminal()) co_return final_result(request, task);

  const auto executor = co_await boost::asio::this_coro::executor;
  const auto mailbox = std::make_shared<serving::exchange>(executor);
  request.id.attach(mailbox);
  request.client->streams().note_task(id);
  result_audience audience(shared, request, task, mailbox);
  const gone_watch watch(request, mailbox);  // ends the wait, never the task
  const auto reply = co_await shared.server.result(request.who, id, mailbox, audience);
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    co_return refuse(request, *refused);
  }
  co_return final_result(request, *std::get<serving::task_view>(reply).task);
}

awaitable<wire_reply> list_tasks(context& shared, const incoming& request) {
  const json::value given = request.call.params["cursor"];
  const auto cursor = given.string();
  // The store's first page has the empty cursor; on the wire an empty string is a cursor, and none
  // that we ever gave.
  if (given && (!cursor || cursor->empty())) {
    co_return invalid_params(request, "'cursor' is not one that tasks/list gave");
  }
  const auto reply = co_await shared.server.list(
      request.who, cursor ? std::string_view(*cursor) : std::string_view());
  if (const auto* refused = std::get_if<serving::refused>(&reply)) {
    co_return refuse(request, *refused);
  }
  const auto& page = std::get<serving::task_page>(reply);
  result_writer result(shared, request, page.tasks.size() * 256);
  json::array items(result.members().key("tasks"));
  for (const serving::task_view& view : page.tasks) {
    json::object task(items.next());
    append_task(task, request.look.tasks, view, shared.clock.now());
    task.close();
  }
  items.close();
  if (page.next_cursor) result.members().string("nextCursor", *page.next_cursor);
  co_return result.end();
}

}  // namespace longhaul::wire
