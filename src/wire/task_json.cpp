// SPDX-License-Identifier: Apache-2.0
#include "wire/task_json.hpp"

#include "wire/questions.hpp"
#include "wire/result_json.hpp"

namespace longhaul::wire {

std::string shown_message(const task_record& task) {
  std::string text = task.status_message;
  if (!task.progress || task.terminal()) return text;
  const bool alone = text.empty();
  if (!alone) text += " (";
  json::append_number(text, task.progress->done);
  if (task.progress->total) {
    text += " of ";
    json::append_number(text, *task.progress->total);
  }
  if (!alone) text += ')';
  return text;
}

void append_task(json::object& into, const task_look& look, const serving::task_view& view,
                 timestamp now) {
  const task_record& task = *view.task;
  // A tool's own error is a failure in some revisions; its result can be fetched all the same.
  const bool failure =
      look.tool_error_is_failure && task.status == task_status::completed && task.result.is_error;
  into.string("taskId", task.id());
  into.string("status", failure ? "failed" : to_string(task.status));
  std::string text = view.waits.empty() ? shown_message(task) : view.waits;
  if (text.empty() && failure) text = "The tool reported an error: see the result";
  if (!text.empty()) into.string("statusMessage", text);
  into.string("createdAt", iso8601(task.origin->created_at));
  into.string("lastUpdatedAt", iso8601(task.updated_at));
  if (const auto ttl = shown_ttl(task, now)) {
    into.integer(look.ttl, ttl->count());
  } else {
    into.null(look.ttl);
  }
  if (view.poll_interval.count() > 0) into.integer(look.poll_interval, view.poll_interval.count());
}

void append_detailed_task(json::object& into, const revision_look& look,
                          const serving::task_view& view, const serving::question_modes& modes,
                          timestamp now) {
  const task_record& task = *view.task;
  append_task(into, look.tasks, view, now);
  switch (task.status) {
    case task_status::input_required:
      append_input_requests(into.key("inputRequests"), task, modes);
      break;
    case task_status::completed:
      append_result(into.key("result"), task.result.body.view(), look.results);
      break;
    case task_status::failed:
      into.raw("error", task.result.body);
      break;
    case task_status::working:
    case task_status::cancelled:
      break;
  }
}

std::string status_message(const task_look& look, const serving::task_view& view, timestamp now) {
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/tasks/status","params":)";
  json::object params(out);
  append_task(params, look, view, now);
  params.close();
  out += '}';
  return out;
}

std::string related_task(std::string_view id) {
  std::string meta = R"("io.modelcontextprotocol/related-task":{"taskId":)";
  json::append_string(meta, id);
  meta += '}';
  return meta;
}

}  // namespace longhaul::wire
