// SPDX-License-Identifier: Apache-2.0
#include "server/waiting.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "json/view.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/deadlines.hpp"
#include "server/refusals.hpp"
#include "server/tunables.hpp"
#include "tasks/tunables.hpp"
#include "tasks/wait_words.hpp"
#include "tasks/waiting_calls.hpp"

namespace longhaul::serving {
namespace {

// Sends what a slow peer did not take before what came later.
template <class T, class Send>
void send_in_order(std::vector<T>& waiting, std::vector<T> fresh, Send send) {
  std::move(fresh.begin(), fresh.end(), std::back_inserter(waiting));
  std::size_t sent = 0;
  while (sent < waiting.size() && send(waiting[sent])) ++sent;
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(sent));
  const std::size_t bound = tasks::tunables::exchange_events;
  if (waiting.size() > bound) {
    waiting.erase(waiting.begin(), waiting.end() - static_cast<std::ptrdiff_t>(bound));
  }
}

}  // namespace

bool may_tell(notify_window& window, const std::optional<task_status>& told,
              const task_record& task, monotonic_time now) {
  return told != task.status || window.allowed_at(now) <= now;
}

exchange::clock::time_point on_timer(monotonic_time time, monotonic_time now) {
  if (time == monotonic_time::max()) return exchange::clock::time_point::max();
  return exchange::clock::now() + std::max(time - now, milliseconds(0));
}

task_wait::task_wait(const context& server, const caller& who, call_request& request,
                     exchange& mailbox, audience& listener, task_ptr task, const wait_rules& rules)
    : server_(server),
      who_(who),
      request_(request),
      mailbox_(mailbox),
      listener_(listener),
      task_(std::move(task)),
      rules_(rules),
      pace_(listener.wants_progress() ? server.options.heartbeat : milliseconds(0)) {}

progress_pace::moment task_wait::moment() const {
  const clock_source& clock = server_.engine.clock();
  return {clock.monotonic(), clock.now() - task_->origin->created_at, *task_, listener_.told(),
          server_.engine.waits().now(*task_)};
}

void task_wait::tell_progress() {
  if (!listener_.wants_progress()) return;
  const auto now = moment();
  const auto event = task_->terminal() ? pace_.rest(now) : pace_.due(now);
  if (event) pace_.note(now, *event, listener_.progress(*event));
}

void task_wait::tell_state() {
  if (!rules_.report_changes || !unsent_) return;
  const auto now = server_.engine.clock().monotonic();
  if (!may_tell(states_, told_status_, *unsent_, now)) return;
  slow_ = !listener_.changed(server_.view(unsent_));
  if (slow_) return;
  states_.note(now);
  told_status_ = unsent_->status;
  unsent_ = nullptr;
}

exchange::clock::time_point task_wait::wake_at() {
  const auto now = server_.engine.clock().monotonic();
  auto next = monotonic_time::max();
  if (listener_.wants_progress()) next = pace_.next(now);
  if (rules_.report_changes && unsent_ && !slow_) next = std::min(next, states_.allowed_at(now));
  auto wake = on_timer(std::min(rules_.deadline, next), now);
  const bool must_retry = slow_ || !logs_.empty() || retry_question_;
  if (must_retry) wake = std::min(wake, exchange::clock::now() + tunables::retry_after_full);
  return wake;
}

void task_wait::deliver(exchange::batch batch) {
  for (const auto& event : batch.progress) {
    pace_.offer(event);
    if (!task_->terminal()) tell_progress();  // else the newest is told once, whatever the pace
  }
  send_in_order(logs_, std::move(batch.logs), [&](auto& event) { return listener_.log(event); });
  for (const auto& event : batch.questions) {
    if (event.kind == tasks::question_event::news::url_done) {
      // Optional news: who asked elsewhere, or is too slow, is not told.
      if (asked_.contains(event.key)) listener_.url_done(*task_, event.key);
      continue;
    }
    int& round = rounds_[event.key];
    round = std::max(round, event.round);
  }
  if (batch.close) listener_.close_stream(batch.close->retry);
  for (task_ptr& task : batch.tasks) {
    if (task->id() == task_->id() && task->rev > task_->rev) {
      task_ = std::move(task);
      unsent_ = task_;
    }
  }
}

call_reply outcome_of(const task_record& ended) {
  if (ended.status == task_status::cancelled) {
    if (ended.cancel_reason == tasks::removed_reason) {
      return refuse(refusal::unknown_tool, "the tool was removed before this call could begin");
    }
    return refuse(refusal::abandoned, "the call was cancelled");
  }
  // The waiter was away for longer than it is kept.
  if (stores::is_emptied(ended)) {
    return busy("the call has ended, and nobody took its result in time: it is not kept any more");
  }
  return ended.result;
}

awaitable<std::optional<call_reply>> task_wait::until_end() {
  if (task_->terminal()) deliver(mailbox_.take());  // what was said before it ended
  while (true) {
    tell_progress();
    tell_state();
    if (task_->terminal()) co_return outcome_of(*task_);
    if (task_->status == task_status::input_required) {
      if (rules_.stop_at_question) co_return std::nullopt;
      if (auto ended = co_await handle_questions()) co_return ended;
      if (only_as_task_) co_return std::nullopt;
      if (task_->status != task_status::input_required) continue;
    }
    if (!announced_) {
      announced_ = true;
      pace_.begin(server_.engine.clock().monotonic(), *task_);
      listener_.waiting();
    }
    co_await mailbox_.wait(wake_at());
    exchange::batch batch = mailbox_.take();
    const bool abandoned = batch.abandoned, stopping = batch.shutting_down;
    const bool may_return = batch.lost && !request_.idempotency_key.empty();
    deliver(std::move(batch));
    if (task_->terminal()) continue;
    if (may_return && !stopping) co_await wait_for_return();
    if (abandoned && !(may_return && server_.engine.draining())) {
      co_return co_await leave(may_return);
    }
    if (stopping || abandoned)
      co_return refuse(refusal::shutting_down, "the server is shutting down");
    if (server_.engine.clock().monotonic() >= rules_.deadline) co_return std::nullopt;
  }
}

// From now on it hears nothing, so that of two that leave at once the second is the last.
bool task_wait::is_ours_alone() {
  mailbox_.following.clear();
  return task_->hidden && !server_.engine.has_callers(task_->id(), mailbox_);
}

// It repeats its call, and then waits for the same work; this one is a caller of it until then.
awaitable<void> task_wait::wait_for_return() {
  const auto end = server_.deadline_in(tunables::return_grace);
  while (task_->hidden && !task_->terminal()) {
    const auto now = server_.engine.clock().monotonic();
    if (now >= end) co_return;
    co_await mailbox_.wait(on_timer(end, now));
    const exchange::batch batch = mailbox_.take();
    for (const task_ptr& task : batch.tasks) {
      if (task->id() == task_->id() && task->rev > task_->rev) task_ = task;
    }
    if (batch.shutting_down || !batch.lost) co_return;
  }
}

// Nobody else knows the work behind a plain call, unless he made the same call and waits for it as
// well; a task goes on.
awaitable<std::optional<call_reply>> task_wait::leave(bool may_return) {
  // Who was given a question to answer follows nothing meanwhile; nor does, for this process, who
  // has come again at another one.
  const bool is_shared = task_->origin->unique_hash || may_return;
  const bool awaits_somebody = is_shared && task_->status == task_status::input_required;
  const bool is_elsewhere = may_return && server_.engine.is_shared(task_->id());
  if (is_ours_alone() && !awaits_somebody && !is_elsewhere) {
    co_await server_.engine.cancel(who_.owner, task_->id(), "the caller left");
  }
  co_return refuse(refusal::abandoned, "the caller left");
}

// --- questions

// Null: nothing ends the wait (but `only_as_task_` may); `task_` may be newer.
awaitable<std::optional<call_reply>> task_wait::handle_questions() {
  if (auto ended = co_await use_given_answers()) co_return ended;
  if (task_->status != task_status::input_required) co_return std::nullopt;
  retry_question_ = false;
  // Before anything is asked: what is asked in vain annoys.
  if (const task_input* const never = unaskable()) co_return co_await give_up_unaskable(*never);
  for (const task_input& input : *task_->inputs) {
    const int round = rounds_[input.key];
    const auto asked = asked_.find(input.key);
    if (input.response || (asked != asked_.end() && asked->second >= round)) continue;
    if (request_.ask == asking::by_reply) co_return call_reply(needs_input{task_});
    if (request_.ask != asking::on_stream ||
        !may_be_asked(request_.modes, json::value(input.request))) {
      only_as_task_ = only_as_task_ || rules_.stop_at_unaskable;
      continue;
    }
    if (listener_.question(*task_, input, round)) {
      asked_[input.key] = round;
    } else {
      retry_question_ = true;
    }
  }
  co_return std::nullopt;
}

// Of work that nobody but this caller knows: the first question that it cannot be asked.
const task_input* task_wait::unaskable() const {
  if (!task_->hidden) return nullptr;
  for (const task_input& input : *task_->inputs) {
    if (input.response) continue;
    if (request_.ask == asking::impossible ||
        !may_be_asked(request_.modes, json::value(input.request))) {
      return &input;
    }
  }
  return nullptr;
}

std::vector<stores::response> task_wait::take_given_answers() {
  std::vector<stores::response> known;
  for (const task_input& input : *task_->inputs) {
    if (input.response) continue;
    const auto given = std::ranges::find(request_.answers, input.key, &stores::response::key);
    if (given == request_.answers.end()) continue;
    known.push_back(std::move(*given));
    request_.answers.erase(given);
  }
  return known;
}

awaitable<std::optional<call_reply>> task_wait::use_given_answers() {
  const std::vector<stores::response> known = take_given_answers();
  if (known.empty()) co_return std::nullopt;
  std::optional<refused> not_taken;
  try {
    const auto result = co_await server_.engine.answer(who_.owner, task_->id(), known);
    if (result.code != stores::change_code::busy) {
      if (result.task && result.task->rev > task_->rev) task_ = result.task;
      co_return std::nullopt;
    }
    not_taken = busy_at(stores::bound_names::open_bytes_per_quota);
  } catch (const tasks::unfit_answer& e) {
    not_taken = refuse_answer(e);
  }
  co_return co_await refuse_given_answers(*std::move(not_taken));
}

// Work that this very request began can be found again by nobody but with its key.
awaitable<std::optional<call_reply>> task_wait::refuse_given_answers(refused why) {
  if (rules_.begun_here && request_.idempotency_key.empty() && is_ours_alone()) {
    co_await server_.engine.cancel(who_.owner, task_->id(), "its answers are refused");
  }
  co_return call_reply(std::move(why));
}

awaitable<std::optional<call_reply>> task_wait::give_up_unaskable(const task_input& asked) {
  if (rules_.may_be_handed_out) {  // as a task it can be answered with `task_answer`
    only_as_task_ = true;
    co_return std::nullopt;
  }
  const std::string words = unaskable_words(request_.modes, json::value(asked.request));
  if (is_ours_alone()) {
    co_await server_.engine.cancel(who_.owner, task_->id(), "the caller cannot be asked");
  }
  co_return outcome::tool_error(words);
}

}  // namespace longhaul::serving
