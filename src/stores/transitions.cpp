// SPDX-License-Identifier: Apache-2.0
#include "longhaul/stores/transitions.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/clock_arithmetic.hpp"
#include "base/digest.hpp"
#include "base/duration.hpp"
#include "base/utf8.hpp"
#include "longhaul/error_codes.hpp"
#include "stores/attempts.hpp"

namespace longhaul::stores {
namespace {

step refused(change_code why) { return step{why, nullptr}; }

void run_down(std::optional<milliseconds>& left, milliseconds passed) noexcept {
  if (left) *left = std::max(*left - passed, milliseconds(0));
}

// Books the time since `anchor` on the limits that counted, and begins a new span.
void settle(task_record& task, instant now) noexcept {
  const milliseconds passed = elapsed(task.anchor, now.mono);
  if (runs(task)) {
    run_down(task.attempt_left, passed);
    run_down(task.overall_left, passed);
  }
  if (task.status == task_status::input_required) run_down(task.answer_left, passed);
  task.anchor = now.mono;
}

// Never back, or a terminal task could seem to have ended before it was created.
timestamp time_of_change(const task_record& task, instant now) {
  return std::max(task.updated_at, now.wall);
}

// A copy of `task`, settled, with the next revision: every applied change begins here.
std::shared_ptr<task_record> successor(const task_record& task, instant now) {
  auto next = std::make_shared<task_record>(task);
  settle(*next, now);
  ++next->rev;
  next->ends = false;
  next->updated_at = time_of_change(task, now);
  return next;
}

void end(task_record& task, task_status status, std::string_view message) {
  task.status = status;
  task.ends = true;
  task.status_message = clipped(message);
  task.process.reset();
  task.checkpoint = {};
  task.attempt_left.reset();
  task.overall_left.reset();
  task.answer_left.reset();
}

step failed(const task_record& task, outcome why, std::string_view message, instant now) {
  auto next = successor(task, now);
  end(*next, task_status::failed, message);
  next->result = std::move(why);
  return {change_code::applied, std::move(next)};
}

bool is_writer(const task_record& task, const writer& worker) noexcept {
  if (task.origin->external) {
    return !task.origin->token.empty() && same_secret(task.origin->token, worker.token);
  }
  return worker.epoch > 0 && worker.epoch == task.epoch && (task.process || task.terminal());
}

// Why `worker` may not write; null if it may. A wrong token learns nothing about an external task.
std::optional<change_code> denied(const task_record& task, const writer& worker) noexcept {
  if (task.origin->external && !is_writer(task, worker)) return change_code::superseded;
  if (task.terminal()) return change_code::already_terminal;
  if (!is_writer(task, worker)) return change_code::superseded;
  return std::nullopt;
}

// It was handed back, or is to be retried, since this writer held it.
bool waits_since(const task_record& task, const writer& worker) noexcept {
  return !task.origin->external && !task.terminal() && !task.process && worker.epoch > 0 &&
         task.epoch == worker.epoch + 1;
}

step waits_again(const task_record& task, std::string_view why, monotonic_time not_before,
                 instant now) {
  auto next = successor(task, now);
  end_attempt(*next, why, not_before, now);
  next->status_message = clipped(why);
  return {change_code::applied, std::move(next)};
}

std::optional<progress_state> accepted(const std::optional<progress_state>& before,
                                       std::optional<progress_state> report) {
  if (!report || !std::isfinite(report->done)) return std::nullopt;
  if (before && report->done <= before->done) return std::nullopt;
  if (report->total && !std::isfinite(*report->total)) report->total.reset();
  return report;
}

struct limit_text {
  std::string_view name;
  std::string_view meaning;
  std::optional<milliseconds> length;
};

limit_text describe(const task_origin& origin, limit_kind kind) {
  switch (kind) {
    case limit_kind::attempt:
      return {"attempt_limit", "one run may take", origin.attempt_limit};
    case limit_kind::overall:
      return {"overall_limit", "all runs may take", origin.overall_limit};
    case limit_kind::answer:
      break;
  }
  return {"answer_within", "a question stays open for", origin.answer_within};
}

// Appends to `inputs` what is new in `questions`; false: a key was used for something else.
bool add_questions(task_inputs& inputs, std::span<const question> questions, std::uint64_t rev,
                   timestamp now) {
  for (const question& asked_now : questions) {
    const auto known = std::find_if(inputs.begin(), inputs.end(), [&](const task_input& input) {
      return input.key == asked_now.key;
    });
    if (known != inputs.end()) {
      if (known->request_hash != asked_now.request_hash) return false;
      continue;
    }
    task_input added;
    added.key = asked_now.key;
    added.request = asked_now.request;
    added.request_hash = asked_now.request_hash;
    added.asked_rev = rev;
    added.asked_at = now;
    inputs.push_back(std::move(added));
  }
  return true;
}

}  // namespace

task_record initial(const new_task& task, instant now, bool may_begin) {
  if (task.begun) return *successor(*task.begun, now);
  task_record record;
  record.origin = task.origin;
  record.hidden = task.hidden;
  record.retention = task.retention;
  record.run_at = now.mono;
  record.anchor = now.mono;
  record.updated_at = std::max(task.origin->created_at, now.wall);
  record.overall_left = task.origin->overall_limit;
  record.inputs = task.answered;
  if (task.origin->external) {
    record.attempt_left = task.origin->attempt_limit;
  } else if (task.claim_for && may_begin) {
    begin_attempt(record, *task.claim_for, now);
  }
  return record;
}

step claimed(const task_record& task, process_id process, instant now) {
  if (task.terminal()) return refused(change_code::already_terminal);
  if (!claimable(task)) return refused(change_code::superseded);
  auto next = successor(task, now);
  begin_attempt(*next, process, now);
  return {change_code::applied, std::move(next)};
}

step reported(const task_record& task, writer worker, const report_change& change, instant now) {
  if (const auto why = denied(task, worker)) return refused(*why);
  const auto progress = accepted(task.progress, change.progress);
  const std::string_view line =
      change.status_message ? clipped(*change.status_message) : std::string_view();
  const bool message = change.status_message && line != task.status_message;
  const bool checkpoint = change.checkpoint && !(change.checkpoint == task.checkpoint);
  if (!progress && !message && !checkpoint) return refused(change_code::unchanged);

  auto next = successor(task, now);
  if (progress) next->progress = progress;
  if (message) next->status_message = line;
  if (checkpoint) next->checkpoint = change.checkpoint;
  return {change_code::applied, std::move(next)};
}

step asked(const task_record& task, writer worker, std::span<const question> questions,
           instant now) {
  if (const auto why = denied(task, worker)) return refused(*why);
  auto inputs =
      task.inputs ? std::make_shared<task_inputs>(*task.inputs) : std::make_shared<task_inputs>();
  const std::size_t known = inputs->size();
  if (!add_questions(*inputs, questions, task.rev + 1, time_of_change(task, now))) {
    return refused(change_code::key_reused);
  }
  if (inputs->size() == known) return refused(change_code::unchanged);

  auto next = successor(task, now);
  // The time for an answer starts with the first open question, not again with each further one.
  if (task.status == task_status::working) next->answer_left = task.origin->answer_within;
  next->status = task_status::input_required;
  next->inputs = std::move(inputs);
  return {change_code::applied, std::move(next)};
}

step answered(const task_record& task, std::span<const response> responses, instant now) {
  if (task.terminal()) return refused(change_code::already_terminal);
  if (!has_open_input(task)) return refused(change_code::unchanged);
  auto inputs = std::make_shared<task_inputs>(*task.inputs);
  bool any = false;
  for (const response& given : responses) {
    const auto asked = std::find_if(inputs->begin(), inputs->end(), [&](const task_input& input) {
      return input.key == given.key && !input.response;
    });
    if (asked == inputs->end() || !given.value) continue;
    asked->response = given.value;
    asked->answered_at = time_of_change(task, now);
    any = true;
  }
  if (!any) return refused(change_code::unchanged);

  auto next = successor(task, now);
  next->inputs = std::move(inputs);
  if (!has_open_input(*next)) {
    next->status = task_status::working;
    next->answer_left.reset();
  }
  return {change_code::applied, std::move(next)};
}

step finished(const task_record& task, writer worker, const outcome& result,
              std::string_view message, instant now) {
  // What was done but reported failed is repeated: the same end by the same writer is no conflict.
  const bool ended = task.status == task_status::completed || task.status == task_status::failed;
  if (ended && is_writer(task, worker) && task.result.body == result.body &&
      task.result.is_error == result.is_error &&
      task.result.is_protocol_error == result.is_protocol_error) {
    return refused(change_code::unchanged);
  }
  if (const auto why = denied(task, worker)) return refused(*why);
  auto next = successor(task, now);
  end(*next, result.is_protocol_error ? task_status::failed : task_status::completed, message);
  next->result = result;
  return {change_code::applied, std::move(next)};
}

step cancelled(const task_record& task, std::string_view reason, visibility sees, instant now) {
  if (task.hidden && sees == visibility::shown_only) return refused(change_code::not_found);
  if (task.terminal()) return refused(change_code::already_terminal);
  auto next = successor(task, now);
  std::string message("The task was cancelled.");
  if (!reason.empty()) message.assign("The task was cancelled: ").append(reason);
  end(*next, task_status::cancelled, message);
  next->cancel_requested_at = now.wall;
  next->cancel_reason = clipped(reason);
  return {change_code::applied, std::move(next)};
}

step retained(const task_record& task, std::optional<milliseconds> retention, instant now) {
  if (task.retention == retention) return refused(change_code::unchanged);
  auto next = successor(task, now);
  next->retention = retention;
  if (task.terminal()) {  // still counted from its end
    next->anchor = task.anchor;
    next->updated_at = task.updated_at;
  }
  return {change_code::applied, std::move(next)};
}

step revealed(const task_record& task, std::optional<milliseconds> retention, instant now) {
  if (!task.hidden) return refused(change_code::unchanged);
  if (is_emptied(task)) return refused(change_code::not_found);
  // The successor of a terminal task begins its retention anew: nobody could read it before.
  auto next = successor(task, now);
  next->hidden = false;
  next->retention = retention;
  return {change_code::applied, std::move(next)};
}

step released(const task_record& task, writer worker, instant now) {
  if (task.origin->external && !task.terminal() && is_writer(task, worker)) {
    return refused(change_code::unchanged);
  }
  if (waits_since(task, worker)) return refused(change_code::unchanged);
  if (const auto why = denied(task, worker)) return refused(*why);
  auto next = successor(task, now);
  if (worker.handler == writer::stage::not_begun) {
    undo_attempt(*next, now.mono);
  } else {
    end_attempt(*next, "handed back", now.mono, now);
  }
  return {change_code::applied, std::move(next)};
}

step retried(const task_record& task, writer worker, std::string_view why,
             monotonic_time not_before, instant now) {
  if (waits_since(task, worker)) return refused(change_code::unchanged);
  if (const auto denial = denied(task, worker)) return refused(*denial);
  return waits_again(task, why, not_before, now);
}

step lost(const task_record& task, instant now) {
  if (task.terminal()) return refused(change_code::already_terminal);
  if (!task.process) return refused(change_code::unchanged);
  const task_origin& origin = *task.origin;
  constexpr std::string_view message = "executor lost, outcome unknown";
  if (origin.crash_policy == on_crash::rerun && task.attempt < origin.max_attempts) {
    auto next = successor(task, now);
    end_attempt(*next, message, saturating_add(now.mono, backoff(task)), now);
    return {change_code::applied, std::move(next)};
  }
  return failed(task, outcome::protocol_error(error_codes::executor_lost, message), message, now);
}

task_record without_downtime(const task_record& task, monotonic_time last_heard,
                             monotonic_time now) {
  task_record paused = task;
  if (paused.status == task_status::working && paused.overall_left) {
    const milliseconds down = elapsed(std::max(last_heard, task.anchor), now);
    paused.overall_left = saturating_add(*paused.overall_left, down);
  }
  return paused;
}

step timed_out(const task_record& task, instant now) {
  if (task.terminal()) return refused(change_code::already_terminal);
  const auto due = limit_due(task);
  if (!due || due->at > now.mono) return refused(change_code::unchanged);
  const auto [name, meaning, length] = describe(*task.origin, due->kind);
  const milliseconds limit = length.value_or(milliseconds(0));
  const std::string message = std::string("time limit: ")
                                  .append(meaning)
                                  .append(" ")
                                  .append(in_words(limit))
                                  .append(" (")
                                  .append(name)
                                  .append(")");
  const bool again = due->kind == limit_kind::attempt && attempts_left(task) &&
                     includes(task.origin->retry_on, retry_on::timeout);
  if (again) return waits_again(task, message, next_attempt_at(task, now.mono), now);
  const auto data = raw_json::trusted(std::string(R"({"limit":")")
                                          .append(name)
                                          .append(R"(","milliseconds":)")
                                          .append(std::to_string(limit.count()))
                                          .append("}"));
  return failed(task, outcome::protocol_error(error_codes::time_limit, message, data), message,
                now);
}

create_result known_by_key(const task_ptr& earlier, const task_origin& origin) {
  if (earlier->id() == origin.id) return {create_code::created, earlier, {}};
  if (earlier->origin->arguments_hash == origin.arguments_hash) {
    return {create_code::existing, earlier, {}};
  }
  return {create_code::key_conflict, nullptr, {}};
}

create_result known_by_hash(const task_ptr& earlier, const task_origin& origin) {
  const bool repeated = earlier->id() == origin.id;
  return {repeated ? create_code::created : create_code::existing, earlier, {}};
}

create_result known_by_id(const task_ptr& earlier, const task_origin& origin) {
  if (earlier->owner() != origin.owner) throw store_error("two tasks have the same id", false);
  return {create_code::created, earlier, {}};
}

std::string_view clipped(std::string_view text) noexcept {
  return cut_at_character(text, rules::longest_message);
}

bool claimable(const task_record& task) noexcept {
  return !task.terminal() && !task.origin->external && !task.process;
}

bool holds_unique(const task_record& task, monotonic_time now) noexcept {
  if (!task.terminal()) return true;
  if (task.status == task_status::cancelled) return false;
  return !expired(task, now) && now < saturating_add(task.anchor, task.origin->unique_for);
}

bool queued(const task_record& task) noexcept {
  return task.status == task_status::working && claimable(task);
}

}  // namespace longhaul::stores
