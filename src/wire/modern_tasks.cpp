// SPDX-License-Identifier: Apache-2.0
#include "wire/modern_tasks.hpp"

#include "longhaul/error_codes.hpp"
#include "tasks/failure.hpp"
#include "wire/render.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {

bool declares_tasks(const request_meta& meta) {
  return meta.capabilities["extensions"]["io.modelcontextprotocol/tasks"].is(json::kind::object);
}

serving::question_modes question_modes_of(const request_meta& meta) {
  return question_modes_in(meta.capabilities, true);
}

serving::question_modes question_modes_in(json::value capabilities, bool with_url) {
  const json::value elicitation = capabilities["elicitation"];
  if (!elicitation.is(json::kind::object)) return {};
  serving::question_modes modes;
  modes.url = with_url && elicitation["url"].is(json::kind::object);
  modes.form = !with_url || !modes.url || elicitation["form"].is(json::kind::object);
  return modes;
}

bool may_show(json::value request, serving::question_modes modes) {
  if (!request["method"].equals("elicitation/create")) return false;
  return request["params"]["mode"].equals("url") ? modes.url : modes.form;
}

void append_modern_task(json::object& into, const task_record& task, milliseconds poll_interval,
                        timestamp now) {
  append_task_head(into, task, to_string(task.status));
  if (const auto ttl = shown_ttl(task, now)) {
    into.integer("ttlMs", ttl->count());
  } else {
    into.null("ttlMs");
  }
  if (poll_interval.count() > 0) into.integer("pollIntervalMs", poll_interval.count());
}

void append_detailed_task(json::object& into, const serving::task_view& view,
                          serving::question_modes modes, timestamp now) {
  const task_record& task = *view.task;
  append_modern_task(into, task, view.poll_interval, now);
  switch (task.status) {
    case task_status::input_required:
      append_input_requests(into.key("inputRequests"), task, modes);
      break;
    case task_status::completed:
      into.raw("result", task.result.body);
      break;
    case task_status::failed:
      into.raw("error", task.result.body);
      break;
    case task_status::working:
    case task_status::cancelled:
      break;
  }
}

void append_input_requests(std::string& out, const task_record& task,
                           serving::question_modes modes) {
  json::object o(out);
  if (task.inputs) {
    for (const auto& input : *task.inputs) {
      if (!input.response && may_show(json::value(input.request), modes)) {
        o.raw(input.key, input.request);
      }
    }
  }
  o.close();
}

void append_error_result(std::string& out, std::string_view message, std::string_view meta) {
  out += R"({"resultType":"complete","content":[{"type":"text","text":)";
  json::append_string(out, message);
  out += R"(}],"isError":true,"_meta":{)";
  out += meta;
  out += "}}";
}

std::string busy_reply(json::value id, const serving::refused& why) {
  const bool stopping = why.why == serving::refusal::shutting_down;
  const milliseconds after =
      stopping ? milliseconds(tunables::restart_retry_after) : milliseconds(why.retry_after);
  const std::string_view words =
      !why.message.empty() ? std::string_view(why.message)
                           : (stopping ? "The server is shutting down" : "The server is busy");
  std::string data;
  json::object o(data);
  if (after.count() > 0) o.integer("retryAfterMs", after.count());
  if (!why.bound.empty()) o.string("bound", why.bound);
  o.close();
  return error_reply(id, error_codes::busy, words, data);
}

std::string internal_error_reply(json::value id, const serving::refused& why) {
  if (why.error_id.empty()) return error_reply(id, code::internal_error, "Internal error");
  return error_reply(id, code::internal_error, why.message,
                     tasks::error_id_data(why.error_id).view());
}

std::optional<std::vector<std::string>> read_task_ids(json::value ids) {
  std::vector<std::string> read;
  if (!ids) return read;
  if (!ids.is(json::kind::array)) return std::nullopt;
  for (json::elements e(ids); e.next();) {
    auto id = e.value().string();
    if (!id || read.size() == tunables::followed_tasks) return std::nullopt;
    read.push_back(std::move(*id));
  }
  return read;
}

std::string subscription_end(json::value id, std::string_view server_meta) {
  std::string out =
      R"({"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":)";
  out += id.raw();
  out += ',';
  out += server_meta;
  out += "}}";
  return out;
}

subscription_audience::subscription_audience(const incoming& in, const clock_source& clock)
    : stream_audience(in), clock_(clock), modes_(question_modes_of(in.meta)) {}

void subscription_audience::append_subscription_id(std::string& out) const {
  out += R"("_meta":{"io.modelcontextprotocol/subscriptionId":)";
  out += in_.call.id.raw();
  out += '}';
}

bool subscription_audience::acknowledge(std::span<const serving::task_view> followed,
                                        bool with_tasks) {
  std::string out;
  begin_notification(out, "notifications/subscriptions/acknowledged", 128 + followed.size() * 40);
  append_subscription_id(out);
  out += R"(,"notifications":{)";
  if (with_tasks) {
    out += R"("taskIds":[)";
    for (const auto& view : followed) {
      if (out.back() != '[') out += ',';
      json::append_string(out, view.task->id());
    }
    out += ']';
  }
  out += "}}}";
  return send(std::move(out));
}

bool subscription_audience::changed(const serving::task_view& view) {
  std::string out;
  out.reserve(512 + view.task->result.body.size());
  out += R"({"jsonrpc":"2.0","method":"notifications/tasks","params":)";
  json::object params(out);
  append_detailed_task(params, view, modes_, clock_.now());
  std::string meta = R"({"io.modelcontextprotocol/subscriptionId":)";
  meta += in_.call.id.raw();
  meta += '}';
  params.raw("_meta", meta);
  params.close();
  out += '}';
  return send(std::move(out));
}

void subscription_audience::announce_end() {
  std::string out;
  begin_notification(out, "notifications/cancelled");
  out += R"("requestId":)";
  out += in_.call.id.raw();
  out += R"(,"reason":"the server is shutting down"}})";
  send(std::move(out));
}

}  // namespace longhaul::wire
