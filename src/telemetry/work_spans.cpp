// SPDX-License-Identifier: Apache-2.0
#include "telemetry/work_spans.hpp"

#include <algorithm>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"
#include "telemetry/span_ids.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {
namespace {

using tasks::attempt_end;
using tasks::write_kind;

// Baggage may be large, and no span has it.
raw_json trace_of(const raw_json& meta) {
  if (meta.size() <= tunables::small_meta) return meta;
  std::string text;
  json::object members(text);
  for (const std::string_view name : {"traceparent", "tracestate"}) {
    const json::value given = json::value(meta)[name];
    if (given.is(json::kind::string)) members.raw(name, given.raw());
  }
  members.close();
  return raw_json::trusted(std::move(text));
}

std::shared_ptr<const task_origin> needed_of(const task_origin& task) {
  auto copy = std::make_shared<task_origin>();
  copy->id = task.id;
  copy->tool = task.tool;
  copy->request_meta = trace_of(task.request_meta);
  copy->created_at = task.created_at;
  return copy;
}

// Spans wait for seconds: large arguments are not kept alive for them.
std::shared_ptr<const task_origin> kept(const std::shared_ptr<const task_origin>& task) {
  const bool small = task->arguments.size() <= tunables::small_arguments &&
                     task->request_meta.size() <= tunables::small_meta;
  return small ? task : needed_of(*task);
}

// The same of an error: its `data` may be large.
raw_json kept_error(const raw_json& error) {
  if (error.size() <= tunables::small_error) return error;
  const json::value members(error);
  std::string text;
  json::object copy(text);
  if (const auto code = members["code"].integer()) copy.integer("code", *code);
  const std::string message = members["message"].string().value_or("");
  copy.string("message", message.substr(0, 2 * tunables::longest_message));
  copy.close();
  return raw_json::trusted(std::move(text));
}

void set_times(span& into, const stretch& during) {
  into.from = during.from;
  into.to = during.from + std::chrono::duration_cast<wall_time::duration>(during.length);
}

// A record has milliseconds, and what is below the call is more exact. An end whose commit was not
// heard of is told late.
wall_time exact_end(timestamp recorded, wall_time told) noexcept {
  const bool just_now = told > recorded && told - recorded < tunables::told_at_once;
  return just_now ? told : wall_time(recorded);
}

void set_attempt(span& into, const task_record& begun) {
  into.origin = kept(begun.origin);
  into.epoch = begun.epoch;
  into.attempt = begun.attempt;
}

span_outcome outcome_of(const task_record& ended) noexcept {
  if (ended.status == task_status::cancelled) return span_outcome::cancelled;
  if (ended.result.is_protocol_error) return span_outcome::failed;
  if (ended.result.is_error) return span_outcome::error;
  return ended.status == task_status::failed ? span_outcome::failed : span_outcome::completed;
}

span_outcome outcome_of(attempt_end how) noexcept {
  switch (how) {
    case attempt_end::completed:
      return span_outcome::completed;
    case attempt_end::error:
      return span_outcome::error;
    case attempt_end::failed:
      return span_outcome::failed;
    case attempt_end::retry:
      return span_outcome::retry;
    case attempt_end::stopped:
      return span_outcome::stopped;
  }
  return span_outcome::none;
}

span_kind kind_of(write_kind kind) noexcept {
  switch (kind) {
    case write_kind::create:
      return span_kind::store_create;
    case write_kind::finish:
      return span_kind::store_finish;
    case write_kind::retry:
      return span_kind::store_retry;
  }
  return span_kind::store_finish;
}

}  // namespace

work_spans::work_spans(std::shared_ptr<span_queue> queue, const sampler& sampled)
    : queue_(std::move(queue)), sampled_(sampled) {}

template <class Fill>
void work_spans::note(const task_origin& task, Fill fill) noexcept {
  try {
    if (!is_sampled(sampled_, task)) return;
    span one;
    fill(one);
    queue_->push(std::move(one));
  } catch (...) {
    queue_->count_dropped(1);
  }
}

void work_spans::changed(const task_record& task) noexcept {
  if (!task.ends) return;
  note(*task.origin, [&](span& call) {
    call.kind = span_kind::call;
    call.origin = kept(task.origin);
    call.attempt = task.attempt;
    call.outcome = outcome_of(task);
    if (task.result.is_protocol_error) call.failure = kept_error(task.result.body);
    call.from = task.origin->created_at;
    call.to = exact_end(task.updated_at, std::chrono::system_clock::now());
  });
}

void work_spans::began(const task_record& begun, milliseconds waited) noexcept {
  if (waited <= milliseconds(0)) return;
  note(*begun.origin, [&](span& queue) {
    queue.kind = span_kind::queue;
    set_attempt(queue, begun);
    queue.to = std::chrono::system_clock::now();
    queue.from = std::max<wall_time>(queue.to - waited, begun.origin->created_at);
  });
}

void work_spans::returned(const task_record& begun, const stretch& ran, attempt_end how) noexcept {
  note(*begun.origin, [&](span& attempt) {
    attempt.kind = span_kind::attempt;
    set_attempt(attempt, begun);
    set_times(attempt, ran);
    attempt.outcome = outcome_of(how);
  });
}

void work_spans::asked(const task_record& begun, const stretch& waited, std::size_t questions,
                       bool answered) noexcept {
  note(*begun.origin, [&](span& question) {
    question.kind = span_kind::question;
    set_attempt(question, begun);
    set_times(question, waited);
    question.questions = questions;
    question.outcome = answered ? span_outcome::answered : span_outcome::unanswered;
  });
}

void work_spans::wrote(const task_origin& task, write_kind kind, const stretch& took) noexcept {
  note(task, [&](span& write) {
    write.kind = kind_of(kind);
    write.origin = needed_of(task);
    set_times(write, took);
  });
}

std::string work_spans::traceparent_of(const task_record& begun) const {
  const bool recorded = is_sampled(sampled_, *begun.origin);
  const span_ids ids(*begun.origin);
  if (!recorded && ids.caller()) return {};
  std::string result = "00-";
  append_hex(result, ids.trace());
  append_hex(result += '-', ids.attempt(begun.epoch));
  return result += recorded ? "-01" : "-00";
}

}  // namespace longhaul::telemetry
