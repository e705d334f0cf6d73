// SPDX-License-Identifier: Apache-2.0
// POST /tasks/{id}/….
#include "operator/task_actions.hpp"

#include "json/canonical.hpp"
#include "json/view.hpp"
#include "operator/task_json.hpp"
#include "operator/task_lookup.hpp"
#include "tasks/operations.hpp"
#include "tasks/wait_words.hpp"

namespace longhaul::operating {
namespace {

using stores::change_code;
using wire::http_reply;

// The first answer counts.
void refuse_other_answers(const task_record& task, const std::vector<stores::response>& given) {
  for (const stores::response& one : given) {
    const task_input* const known = find_input(task, one.key);
    if (known == nullptr || !known->response) continue;
    if (json::canonical(json::value(known->response)) == json::canonical(json::value(one.value))) {
      continue;
    }
    throw api_error(409,
                    "\"" + one.key + "\" was answered before, and otherwise: that answer stands");
  }
}

[[noreturn]] void refuse_ended(const task_record& task) {
  throw api_error(409, "the task has ended: it is " + std::string(to_string(task.status)));
}

acted outcome_of(stores::change_result change, const std::string& id) {
  switch (change.code) {
    case change_code::applied:
      return {"applied", std::move(change.task)};
    case change_code::unchanged:
      return {"unchanged", std::move(change.task)};
    case change_code::already_terminal:
      refuse_ended(*change.task);
    case change_code::busy:
      throw api_error(429, "a bound in bytes is reached: nothing was changed",
                      "GET owners shows who has how much");
    default:
      throw api_error(404, "there is no task " + id + " any more");
  }
}

http_reply reply_of(const api_call& call, std::string_view verb, const acted& done) {
  call.note(verb, call.subject, done.outcome);
  std::string out;
  json::object body(out);
  body.string("outcome", done.outcome);
  append_task(body.key("task"), *done.task, call.server.around.engine.waits().now(*done.task));
  body.close();
  return json_reply(std::move(out));
}

std::vector<stores::response> answers_of(const api_call& call) {
  const request_body body(call.body, {"answers"});
  const json::value answers = body["answers"];
  if (!answers.is(json::kind::object)) {
    throw api_error(400, "answers must be an object",
                    R"(as {"answers": {"KEY": {"action": "accept", "content": {}}}})");
  }
  std::vector<stores::response> given;
  for (json::members member(answers); member.next();) {
    if (!member.value().is(json::kind::object)) {
      throw api_error(400, "the answer to " + std::string(member.key()) + " must be an object");
    }
    given.push_back({std::string(member.key()), raw_json::trusted(member.value().raw())});
  }
  if (given.empty()) throw api_error(400, "answers is empty");
  return given;
}

}  // namespace

std::string reason_in(const api_call& call, const request_body& body) {
  const std::string given = body.text("reason");
  return given.empty() ? "cancelled by the operator " + std::string(call.who()) : given;
}

awaitable<acted> cancel_one(const api_call& call, const task_record& task, std::string reason) {
  if (task.terminal()) refuse_ended(task);
  auto change = co_await call.server.around.engine.cancel(task.owner(), task.id(), reason);
  co_return outcome_of(std::move(change), task.id());
}

awaitable<acted> retry_one(const api_call& call, const task_record& task) {
  stores::create_result again;
  try {
    again = co_await call.server.around.engine.operations().retry(task.owner(), task.id());
  } catch (const tasks::no_retry& e) {
    throw api_error(409, e.what());
  }
  if (!again.task) {
    throw api_error(429, "a bound is reached: " + std::string(again.bound),
                    "GET owners shows who has how much");
  }
  co_return acted{"applied", again.task};
}

awaitable<acted> delete_one(const api_call& call, const task_record& task) {
  if (!task.terminal()) {
    throw api_error(409, "the task has not ended: it is " + std::string(to_string(task.status)),
                    "cancel it first");
  }
  auto change =
      co_await call.server.store().set_retention(task.owner(), task.id(), milliseconds(0));
  co_return outcome_of(std::move(change), task.id());
}

awaitable<http_reply> cancel_task(api_call& call) {
  const request_body body(call.body, {"reason"});
  std::string reason = reason_in(call, body);
  const task_ptr task = co_await task_of(call);
  const acted done = co_await cancel_one(call, *task, std::move(reason));
  co_return reply_of(call, "cancel", done);
}

awaitable<http_reply> answer_task(api_call& call) {
  const auto given = answers_of(call);
  const task_ptr task = co_await task_of(call);
  for (const stores::response& one : given) {
    if (find_input(*task, one.key) == nullptr) {
      throw api_error(400, "the task asks nothing under the key \"" + one.key + "\"");
    }
  }
  stores::change_result change;
  try {
    change = co_await call.server.around.engine.answer(task->owner(), task->id(), given);
  } catch (const tasks::unfit_answer& e) {
    throw api_error(400, "the answer to \"" + e.key() + "\" does not fit: " + e.what());
  }
  if (change.code == change_code::unchanged) refuse_other_answers(*change.task, given);
  co_return reply_of(call, "answer", outcome_of(std::move(change), task->id()));
}

awaitable<http_reply> retry_task(api_call& call) {
  const request_body body(call.body, {});
  const task_ptr task = co_await task_of(call);
  const acted done = co_await retry_one(call, *task);
  co_return reply_of(call, "retry", done);
}

awaitable<http_reply> retain_task(api_call& call) {
  const request_body body(call.body, {"retentionMs"});
  const json::value given = body["retentionMs"];
  std::optional<milliseconds> retention;
  if (!given) throw api_error(400, "retentionMs is missing", "null keeps the task for ever");
  if (!given.is(json::kind::null)) {
    const auto length = given.integer();
    if (!length || *length < 0) {
      throw api_error(400, "retentionMs must be a whole number of milliseconds, or null");
    }
    retention = milliseconds(*length);
  }
  const task_ptr task = co_await task_of(call);
  auto change =
      co_await call.server.around.engine.set_retention(task->owner(), task->id(), retention);
  co_return reply_of(call, "retain", outcome_of(std::move(change), task->id()));
}

awaitable<http_reply> delete_task(api_call& call) {
  const request_body body(call.body, {});
  const task_ptr task = co_await task_of(call);
  const acted done = co_await delete_one(call, *task);
  co_return reply_of(call, "delete", done);
}

}  // namespace longhaul::operating
