// SPDX-License-Identifier: Apache-2.0
#include "operator/task_json.hpp"

#include <algorithm>
#include <array>

#include "base/clock_arithmetic.hpp"
#include "json/view.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/deadlines.hpp"
#include "longhaul/stores/search.hpp"

namespace longhaul::operating {
namespace {

// How many it may have, if something leads to another one.
std::uint32_t attempts_of(const task_origin& origin) noexcept {
  const bool again = origin.crash_policy == on_crash::rerun || origin.retry_on != retry_on::nothing;
  return again ? origin.max_attempts : 1;
}

std::optional<timestamp> if_ever(timestamp at) {
  return at == timestamp() ? std::nullopt : std::optional(at);
}

void write_json(json::object& out, std::string_view name, const raw_json& value) {
  value ? out.raw(name, value) : out.null(name);
}

void write_progress(json::object& out, const std::optional<progress_state>& progress) {
  if (!progress) {
    out.null("progress");
    return;
  }
  json::object inner(out.key("progress"));
  inner.number("done", progress->done);
  progress->total ? inner.number("total", *progress->total) : inner.null("total");
  inner.close();
}

void write_line(json::object& out, const task_record& task, std::string_view why) {
  const task_origin& origin = *task.origin;
  out.string("id", origin.id).string("tool", origin.tool).string("owner", origin.owner);
  out.string("status", to_string(stores::phase_of(task))).string("message", task.status_message);
  write_progress(out, task.progress);
  write_time(out, "createdAt", origin.created_at);
  write_time(out, "updatedAt", task.updated_at);
  write_time(out, "beganAt", if_ever(task.began_at));
  write_time(out, "endedAt", task.terminal() ? std::optional(task.updated_at) : std::nullopt);
  out.integer("attempt", task.attempt).integer("maxAttempts", attempts_of(origin));
  write_length(out, "expectedMs", origin.expected);
  out.boolean("isError", task.result.is_error).boolean("plain", task.hidden);
  out.boolean("external", origin.external);
  write_text(out, "why", why);
}

// What is left of a limit now, which counts while it applies.
std::optional<milliseconds> left_of(const std::optional<milliseconds>& left, bool counts,
                                    const task_record& task, stores::instant now) {
  if (!left || task.terminal()) return std::nullopt;
  const milliseconds passed = counts ? now.mono - task.anchor : milliseconds(0);
  return std::max(*left - std::max(passed, milliseconds(0)), milliseconds(0));
}

void write_limits(json::object& out, const task_record& task, stores::instant now) {
  const task_origin& origin = *task.origin;
  const bool runs = stores::runs(task);
  const bool asks = task.status == task_status::input_required;
  json::object limits(out.key("limits"));
  write_length(limits, "attemptMs", origin.attempt_limit);
  write_length(limits, "attemptLeftMs", left_of(task.attempt_left, runs, task, now));
  write_length(limits, "overallMs", origin.overall_limit);
  write_length(limits, "overallLeftMs", left_of(task.overall_left, runs, task, now));
  write_length(limits, "answerMs", origin.answer_within);
  write_length(limits, "answerLeftMs", left_of(task.answer_left, asks, task, now));
  write_length(limits, "stallMs", origin.stall_limit);
  limits.close();
}

template <class All, class Write>
void write_list(json::object& out, std::string_view name, const All* all, Write write) {
  std::string& text = out.key(name);
  text += '[';
  if (all != nullptr) {
    bool first = true;
    for (const auto& one : *all) {
      if (!std::exchange(first, false)) text += ',';
      json::object inner(text);
      write(inner, one);
      inner.close();
    }
  }
  text += ']';
}

void write_attempt(json::object& out, const task_attempt& attempt) {
  out.integer("number", attempt.number);
  write_text(out, "process", attempt.process ? hex(*attempt.process) : std::string());
  write_time(out, "beganAt", attempt.began_at);
  write_time(out, "endedAt", attempt.ended_at);
  out.string("how", attempt.how);
}

void write_question(json::object& out, const task_input& input) {
  out.string("key", input.key);
  write_json(out, "request", input.request);
  write_json(out, "response", input.response);
  write_time(out, "askedAt", input.asked_at);
  write_time(out, "answeredAt", input.answered_at);
}

void write_end(json::object& out, const task_record& task) {
  const bool is_error = task.result.is_protocol_error;
  write_json(out, "result", is_error ? raw_json() : task.result.body);
  write_json(out, "error", is_error ? task.result.body : raw_json());
  write_text(out, "cancelReason", task.cancel_reason);
  write_time(out, "cancelRequestedAt", task.cancel_requested_at);
}

// By the wall clock, as far as it goes along with the other one.
std::optional<timestamp> removal_of(const task_record& task, stores::instant now) {
  const auto due = stores::removal_due(task);
  return due ? std::optional(saturating_add(now.wall, *due - now.mono)) : std::nullopt;
}

std::optional<timestamp> next_run_of(const task_record& task, stores::instant now) {
  if (task.terminal() || task.process || task.run_at <= now.mono) return std::nullopt;
  return saturating_add(now.wall, task.run_at - now.mono);
}

}  // namespace

void write_time(json::object& out, std::string_view name, std::optional<timestamp> at) {
  at ? out.string(name, iso8601(*at)) : out.null(name);
}

void write_length(json::object& out, std::string_view name, std::optional<milliseconds> length) {
  length ? out.integer(name, length->count()) : out.null(name);
}

void write_text(json::object& out, std::string_view name, std::string_view text) {
  text.empty() ? out.null(name) : out.string(name, text);
}

void append_counts(std::string& out, const stores::status_counts& counts) {
  json::object object(out);
  object.integer("waiting", counts.queued)
      .integer("running", counts.working - std::min(counts.queued, counts.working))
      .integer("input_required", counts.input_required)
      .integer("completed", counts.completed)
      .integer("failed", counts.failed)
      .integer("cancelled", counts.cancelled)
      .close();
}

std::string hex(const process_id& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : id.bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

void append_task(std::string& out, const task_record& task, std::string_view why) {
  json::object object(out);
  write_line(object, task, why);
  object.close();
}

void append_whole_task(std::string& out, const task_record& task, stores::instant now,
                       const task_surroundings& beside) {
  const task_origin& origin = *task.origin;
  json::object object(out);
  write_line(object, task, beside.why);
  write_text(object, "idempotencyKey", origin.idempotency_key);
  origin.concurrency_key ? object.string("concurrencyKey", *origin.concurrency_key)
                         : object.null("concurrencyKey");
  write_text(object, "retryOf", origin.retry_of);
  write_text(object, "traceparent",
             json::value(origin.request_meta)["traceparent"].string().value_or(std::string()));
  write_json(object, "arguments", origin.arguments);
  write_end(object, task);
  object.integer("checkpointBytes", task.checkpoint.size());
  object.integer("bytes", stores::size_of(task));
  write_length(object, "retentionMs", task.retention);
  write_time(object, "removeAt", removal_of(task, now));
  write_time(object, "runAt", next_run_of(task, now));
  write_limits(object, task, now);
  write_text(object, "process", task.process ? hex(*task.process) : std::string());
  write_text(object, "host", beside.host);
  write_list(object, "attempts", task.attempts.get(), write_attempt);
  write_list(object, "questions", task.inputs.get(), write_question);
  object.boolean("output", beside.has_output);
  object.close();
}

}  // namespace longhaul::operating
