// SPDX-License-Identifier: Apache-2.0
// The dispatcher's waiting: for the end of a task, with progress, states, logs and questions
// meanwhile, and for the changes that a subscription hears of. One loop for every caller; what it
// sends, and how often, `pace.hpp` says.
#include <algorithm>

#include "json/view.hpp"
#include "server/refusals.hpp"
#include "server/wait_state.hpp"
#include "stores/bounds.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::serving {
namespace {

// How soon a notification that a slow peer did not take is tried again.
constexpr std::chrono::milliseconds retry_after_full{100};

bool can_be_asked(const question_modes& modes, const task_input& input) {
  const bool url = json::value(input.request)["params"]["mode"].equals("url");
  return url ? modes.url : modes.form;
}

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

// A state that is another status is told at once, one of the same status not too often.
bool may_tell(notify_window& window, const std::optional<task_status>& told,
              const task_record& task, monotonic_time now) {
  return told != task.status || window.allowed_at(now) <= now;
}

// When `at` of the engine's clock is, on that of timers.
exchange::clock::time_point on_timer(monotonic_time at, monotonic_time now) {
  if (at == monotonic_time::max()) return exchange::clock::time_point::max();
  return exchange::clock::now() + std::max(at - now, milliseconds(0));
}

}  // namespace

progress_pace::moment dispatcher::moment_of(const wait_state& state) const {
  const clock_source& clock = engine_.clock();
  return {clock.monotonic(), clock.now() - state.now->origin->created_at, *state.now,
          state.to.told()};
}

void dispatcher::tell_progress(wait_state& state) {
  if (!state.to.wants_progress()) return;
  const auto at = moment_of(state);
  const auto event = state.now->terminal() ? state.pace.rest(at) : state.pace.due(at);
  if (event) state.pace.note(at, *event, state.to.progress(*event));
}

void dispatcher::tell_state(wait_state& state) {
  if (!state.report_changes || !state.unsent) return;
  const auto now = engine_.clock().monotonic();
  if (!may_tell(state.states, state.told_status, *state.unsent, now)) return;
  state.slow = !state.to.changed(view(state.unsent));
  if (state.slow) return;
  state.states.note(now);
  state.told_status = state.unsent->status;
  state.unsent = nullptr;
}

exchange::clock::time_point dispatcher::wake_at(wait_state& state) const {
  const auto now = engine_.clock().monotonic();
  auto next = monotonic_time::max();
  if (state.to.wants_progress()) next = state.pace.next(now);
  if (state.report_changes && state.unsent && !state.slow) {
    next = std::min(next, state.states.allowed_at(now));
  }
  auto wake = std::min(state.deadline, on_timer(next, now));
  if (state.must_retry()) wake = std::min(wake, exchange::clock::now() + retry_after_full);
  return wake;
}

void dispatcher::deliver(wait_state& state, exchange::batch batch) {
  for (const auto& event : batch.progress) {
    state.pace.offer(event);
    tell_progress(state);
  }
  send_in_order(state.logs, std::move(batch.logs), [&](auto& e) { return state.to.log(e); });
  for (const auto& again : batch.again) {
    int& round = state.rounds[again.key];
    round = std::max(round, again.round);
  }
  for (task_ptr& task : batch.tasks) {
    if (task->id() == state.now->id() && task->rev > state.now->rev) {
      state.now = std::move(task);
      state.unsent = state.now;
    }
  }
}

awaitable<std::optional<call_reply>> dispatcher::wait_for_end(wait_state& state) {
  while (true) {
    tell_progress(state);
    tell_state(state);
    if (state.now->terminal()) {
      if (state.now->status == task_status::cancelled) {
        co_return refuse(refusal::abandoned, "the call was cancelled");
      }
      co_return state.now->result;
    }
    if (state.now->status == task_status::input_required) {
      if (state.stop_at_question) co_return std::nullopt;
      auto asking = handle_questions(state);
      if (auto ended = co_await std::move(asking)) co_return ended;
      if (state.only_as_task) co_return std::nullopt;
      if (state.now->status != task_status::input_required) continue;
    }
    if (!state.announced) {
      state.announced = true;
      state.pace.begin(engine_.clock().monotonic(), state.now->progress);
      state.to.waiting();
    }
    auto waiting = state.open.wait(wake_at(state));
    co_await std::move(waiting);
    exchange::batch batch = state.open.take();
    const bool abandoned = batch.abandoned, stopping = batch.shutting_down;
    deliver(state, std::move(batch));
    if (abandoned && !state.now->terminal()) {
      if (state.cancel_on_abandon && state.now->hidden) {
        auto cancelling = engine_.cancel(state.who.owner, state.now->id(), "the caller left");
        co_await std::move(cancelling);
      }
      co_return refuse(refusal::abandoned, "the caller left");
    }
    if (stopping && !state.now->terminal()) {
      co_return refuse(refusal::shutting_down, "the server is shutting down");
    }
    if (exchange::clock::now() >= state.deadline && !state.now->terminal()) co_return std::nullopt;
  }
}

// --- questions

// Null: nothing ends the wait (but `only_as_task` may); `state.now` may be newer.
awaitable<std::optional<call_reply>> dispatcher::handle_questions(wait_state& state) {
  call_request& request = state.request;
  auto using_given = use_given_answers(state);
  if (auto ended = co_await std::move(using_given)) co_return ended;
  if (state.now->status != task_status::input_required) co_return std::nullopt;
  state.retry_question = false;
  for (const task_input& input : *state.now->inputs) {
    const int round = state.rounds[input.key];
    const auto asked = state.asked.find(input.key);
    if (input.response || (asked != state.asked.end() && asked->second >= round)) continue;
    const bool may = can_be_asked(request.modes, input);
    if (state.now->hidden && (!may || request.ask == asking::impossible)) {
      auto giving_up = give_up_unaskable(state);
      co_return co_await std::move(giving_up);
    }
    if (request.ask == asking::by_reply) co_return call_reply(needs_input{state.now});
    if (request.ask != asking::on_stream || !may) {
      state.only_as_task = state.only_as_task || state.stop_at_unaskable;
      continue;
    }
    if (state.to.question(*state.now, input, round)) {
      state.asked[input.key] = round;
    } else {
      state.retry_question = true;
    }
  }
  co_return std::nullopt;
}

awaitable<std::optional<call_reply>> dispatcher::use_given_answers(wait_state& state) {
  call_request& request = state.request;
  std::vector<stores::response> known;
  for (const task_input& input : *state.now->inputs) {
    if (input.response) continue;
    const auto given = std::find_if(request.answers.begin(), request.answers.end(),
                                    [&](const auto& a) { return a.key == input.key; });
    if (given == request.answers.end()) continue;
    known.push_back(std::move(*given));
    request.answers.erase(given);
  }
  if (known.empty()) co_return std::nullopt;
  std::optional<refused> not_taken;
  try {
    auto answering = engine_.answer(state.who.owner, state.now->id(), known);
    const stores::change_result result = co_await std::move(answering);
    if (result.code != stores::change_code::busy) {
      if (result.task && result.task->rev > state.now->rev) state.now = result.task;
      co_return std::nullopt;
    }
    not_taken = busy_at(stores::bound_names::open_bytes_per_quota);
  } catch (const tasks::unfit_answer& e) {
    not_taken = refuse_answer(e);
  }
  // Work that this very request began can be found again by nobody but with its key.
  if (state.now->hidden && state.begun_here && request.idempotency_key.empty()) {
    auto cancelling = engine_.cancel(state.who.owner, state.now->id(), "its answers are refused");
    co_await std::move(cancelling);
  }
  co_return call_reply(std::move(*not_taken));
}

awaitable<std::optional<call_reply>> dispatcher::give_up_unaskable(wait_state& state) {
  if (state.may_be_handed_out) {  // as a task it can be answered with `task_answer`
    state.only_as_task = true;
    co_return std::nullopt;
  }
  auto cancelling = engine_.cancel(state.who.owner, state.now->id(), "the caller cannot be asked");
  co_await std::move(cancelling);
  co_return outcome::tool_error(
      "The tool needs an answer from the user, and this client did not declare that it can ask "
      "(elicitation).");
}

// --- subscriptions

awaitable<bool> dispatcher::listen(exchange_ptr open, audience& to) {
  struct hearing {
    notify_window window = {};
    std::optional<task_status> told = std::nullopt;
  };
  const exchange_closer closing(*open);
  std::vector<task_ptr> pending;
  std::map<std::string, hearing> heard;
  bool slow = false;
  to.waiting();
  while (true) {
    const auto now = engine_.clock().monotonic();
    auto next = monotonic_time::max();
    for (const task_ptr& task : pending) {
      next = std::min(next, heard[task->id()].window.allowed_at(now));
    }
    auto wake = slow ? exchange::clock::now() + retry_after_full : on_timer(next, now);
    auto waiting = open->wait(wake);
    co_await std::move(waiting);
    exchange::batch batch = open->take();
    if (batch.abandoned && !batch.shutting_down) co_return false;
    for (task_ptr& task : batch.tasks) {
      const auto same = [&](const task_ptr& p) { return p->id() == task->id(); };
      const auto known = std::find_if(pending.begin(), pending.end(), same);
      if (known == pending.end()) {
        pending.push_back(std::move(task));
      } else if ((*known)->rev < task->rev) {
        *known = std::move(task);
      }
    }
    slow = false;
    const auto later = engine_.clock().monotonic();
    std::erase_if(pending, [&](const task_ptr& task) {
      const auto seen = open->seen.find(task->id());
      if (seen == open->seen.end() || task->rev <= seen->second) return true;
      hearing& ears = heard[task->id()];
      if (!batch.shutting_down && !may_tell(ears.window, ears.told, *task, later)) return false;
      if (!to.changed(view(task))) {
        slow = true;
        return false;
      }
      ears.window.note(later);
      ears.told = task->status;
      seen->second = task->rev;
      return true;
    });
    if (batch.shutting_down) co_return true;
  }
}

}  // namespace longhaul::serving
