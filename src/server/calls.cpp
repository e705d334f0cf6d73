// SPDX-License-Identifier: Apache-2.0
#include "server/calls.hpp"

#include <array>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "longhaul/stores/transitions.hpp"
#include "server/refusals.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::serving {
namespace {

// By policy (never, automatic, always) and mode (wait, may_become_task, as_task).
constexpr std::array<std::array<plan, 3>, 3> plans = {{
    {plan::plain, plan::plain, plan::forbidden},
    {plan::plain, plan::inline_or, plan::task},
    {plan::required, plan::task, plan::task},
}};

awaitable<call_reply> at_once(call_reply reply) { co_return reply; }

std::optional<refused> missing_capabilities(const tool_entry& tool,
                                            const question_modes& declared) {
  const auto& required = tool.definition.options.requires_capabilities;
  if (required.empty()) return std::nullopt;
  question_modes all;
  for (const client_capability one : required) all.add(one);
  const question_modes missing = all.without(declared);
  if (!missing.any()) return std::nullopt;
  refused why = refuse(refusal::missing_capability,
                       "Missing required client capability: " + in_words(missing));
  why.missing = missing;
  return why;
}

call_reply task_reply(task_ptr task, const tool_entry& tool) {
  return created_task{std::move(task), poll_interval_of(tool.definition.options)};
}

}  // namespace

plan plan_of(task_policy policy, call_mode mode) noexcept {
  return plans[static_cast<std::size_t>(policy)][static_cast<std::size_t>(mode)];
}

// A plain function that passes a coroutine on: no frame that only forwards.
awaitable<call_reply> calls::call(const caller& who, call_request request, exchange_ptr mailbox,
                                  audience& listener) const {
  if (!server_.options.middleware) {
    return answer(who, std::move(request), std::move(mailbox), listener);
  }
  return answer_observed(who, std::move(request), std::move(mailbox), listener);
}

// The hooks hear of what comes, and of what ends without a run. What is resumed came before, and
// the end of its work is told as that of any work.
awaitable<call_reply> calls::answer_observed(const caller& who, call_request request,
                                             exchange_ptr mailbox, audience& listener) const {
  const middleware_chain& hooks = *server_.options.middleware;
  const exchange_closer closing(*mailbox);
  const bool is_new = request.resume.empty() && !request.cancels();
  if (is_new) {
    if (auto declined = server_.decline(who, request)) co_return *std::move(declined);
  }
  call_request told;  // what is left to tell of it once it is answered
  told.tool = request.tool;
  told.arguments = request.arguments;
  call_reply reply = co_await answer(who, std::move(request), mailbox, listener);
  if (const auto* const why = std::get_if<refused>(&reply)) {
    if (is_new) hooks.refused_unrun(who, told, *why);
  } else if (server_.tools.has_fallback_tools() && fallback_verb_of(told.tool)) {
    hooks.answered_unrun(who, told);
  }
  co_return reply;
}

awaitable<call_reply> calls::answer(const caller& who, call_request request, exchange_ptr mailbox,
                                    audience& listener) const {
  const exchange_closer closing(*mailbox);
  if (!request.entry) request.entry = server_.tools.find_for(who, request.tool);
  const entry_ptr tool = request.entry;
  if (!tool) co_return refuse(refusal::unknown_tool, "unknown tool: " + request.tool);
  if (server_.engine.draining()) {
    co_return refuse(refusal::shutting_down, "the server is shutting down");
  }
  if (auto missing = missing_capabilities(*tool, request.modes)) co_return *std::move(missing);
  try {
    on_its_way call{who, request, *tool, mailbox, listener};
    co_return co_await begin(call);
  } catch (const std::exception& e) {
    co_return server_.failure(e);
  }
}

// A plain function that passes a coroutine on: no frame that only forwards.
awaitable<call_reply> calls::begin(on_its_way& call) const {
  if (call.request.cancels()) return cancel_by_key(call);
  if (server_.tools.has_fallback_tools()) {
    if (const auto verb = fallback_verb_of(call.tool.name())) return call_fallback(call, *verb);
  }
  if (!call.request.resume.empty()) return resume(call);
  const bool by_reply = call.request.ask == asking::by_reply;
  if (by_reply && call.tool.definition.options.preflight) return settle_first(call);
  return begin_as_planned(call);
}

awaitable<call_reply> calls::begin_as_planned(on_its_way& call) const {
  switch (plan_for(call)) {
    case plan::plain:
      return run_hidden(call, false);
    case plan::inline_or:
      return run_hidden(call, true);
    case plan::task:
      return run_as_task(call);
    case plan::forbidden:
      return at_once(refuse(refusal::task_forbidden, "this tool never runs as a task"));
    case plan::required:
      break;
  }
  return at_once(refuse(refusal::task_required, "this tool runs only as a task"));
}

plan calls::plan_for(const on_its_way& call) const noexcept {
  const tool_options& options = call.tool.definition.options;
  const plan chosen = plan_of(options.policy, call.request.mode);
  if (chosen == plan::required && call.request.plain_for_always) return plan::plain;
  if (chosen == plan::inline_or && options.inline_wait.count() <= 0) return plan::task;
  return chosen;
}

tasks::submission calls::submission_for(const on_its_way& call) const {
  const call_request& request = call.request;
  tasks::submission result;
  result.id = server_.engine.new_id(call.tool.definition);
  result.owner = call.who.owner;
  result.quota = call.who.quota;
  result.tool = definition_of(request.entry);
  result.arguments = or_empty_object(request.arguments);
  result.meta = request.meta;
  result.idempotency_key = request.idempotency_key;
  result.first_sent = request.first_sent;
  result.retention_given = request.retention_given;
  result.retention = request.retention;
  result.answered = request.settled;
  return result;
}

awaitable<call_arguments> calls::accept_elsewhere(const tool_entry& tool,
                                                  const raw_json& arguments) const {
  call_arguments accepted;
  // What is large is freed where it was read; its handler reads it again.
  auto reading = server_.engine.offload([&] { accepted = tool.accept(arguments).json(); });
  co_await std::move(reading);
  co_return accepted;
}

awaitable<call_reply> calls::run_as_task(on_its_way& call) const {
  tasks::submission work = submission_for(call);
  try {
    if (is_short(work.arguments)) {
      work.arguments = call.tool.accept(work.arguments);
    } else {
      work.arguments = co_await accept_elsewhere(call.tool, work.arguments);
    }
  } catch (const std::invalid_argument& e) {
    if (!call.request.invalid_makes_task) co_return refuse(refusal::invalid_arguments, e.what());
    work.born_finished = outcome::tool_error(e.what());
  }
  stores::create_result created = co_await server_.engine.submit(work);
  if (auto refused = refusal_of(created)) co_return *std::move(refused);
  if (!created.task->hidden) co_return task_reply(std::move(created.task), call.tool);
  // A plain call with this key began it: now its id is handed out.
  co_return co_await hand_out(call, created.task->id());
}

awaitable<call_reply> calls::run_hidden(on_its_way& call, bool inline_first) const {
  tasks::submission work = submission_for(call);
  work.hidden = true;
  try {
    if (is_short(work.arguments)) {
      work.arguments = call.tool.accept(work.arguments);
    } else {
      work.arguments = co_await accept_elsewhere(call.tool, work.arguments);
    }
  } catch (const std::invalid_argument& e) {
    co_return refuse(refusal::invalid_arguments, e.what());
  }
  const auto here = co_await boost::asio::this_coro::executor;
  task_ptr begun = server_.engine.run_directly(work, call.mailbox, here);
  work.arguments = work.arguments.json();  // what was read is the run's, or is read again then
  if (begun) {
    if (begun->terminal() && !call.mailbox->has_news()) co_return outcome_of(*begun);
    wait_rules rules = rules_for(call);
    rules.begun_here = true;
    co_return co_await wait_or_hand_out(call, std::move(begun), rules);
  }
  // Followed before it exists: what happens before we look is not lost.
  call.mailbox->following.push_back(server_.engine.follow(work.id, call.mailbox));
  stores::create_result created = co_await server_.engine.submit(work);
  if (auto refused = refusal_of(created)) co_return *std::move(refused);
  wait_rules rules = rules_for(call);
  if (inline_first) {
    rules.deadline = server_.deadline_in(call.tool.definition.options.inline_wait);
    rules.stop_at_question = true;
  }
  rules.begun_here = created.code == stores::create_code::created;
  if (rules.begun_here) co_return co_await wait_or_hand_out(call, std::move(created.task), rules);
  co_return co_await join(call, std::move(created.task), rules);
}

// Whose caller has left, and says so: he may not have a task's id, and his connection's end says
// nothing (`waiting.hpp`).
awaitable<call_reply> calls::cancel_by_key(on_its_way& call) const {
  tasks::submission work = submission_for(call);
  try {
    work.arguments = co_await accept_elsewhere(call.tool, work.arguments);
  } catch (const std::invalid_argument& e) {
    co_return refuse(refusal::invalid_arguments, e.what());
  }
  const stores::create_result known = co_await server_.engine.submit(work);
  if (auto refused = refusal_of(known)) co_return *std::move(refused);
  task_ptr task = known.task;
  if (task->terminal()) co_return outcome_of(*task);
  if (task->origin->unique_hash) {
    co_return refuse(refusal::not_repeatable, "others may wait for the same work: it goes on");
  }
  if (auto declined = server_.decline(call.who, "cancel", task->id())) {
    co_return *std::move(declined);
  }
  auto ended = co_await server_.engine.cancel(call.who.owner, task->id(), "the caller left");
  if (ended.task) task = std::move(ended.task);
  if (task->terminal()) co_return outcome_of(*task);
  co_return busy("the call could not be cancelled now: try again later");
}

awaitable<call_reply> calls::join(on_its_way& call, task_ptr begun, wait_rules rules) const {
  call.mailbox->following.push_back(server_.engine.follow(begun->id(), call.mailbox));
  begun = co_await server_.engine.get_any(call.who.owner, begun->id());
  // Null: ended, and gone, before we could follow it.
  if (!begun) co_return busy("the work of this idempotency key has just ended");
  co_return co_await wait_or_hand_out(call, std::move(begun), rules);
}

awaitable<call_reply> calls::resume(on_its_way& call) const {
  const std::string& id = call.request.resume;
  call.mailbox->following.push_back(server_.engine.follow(id, call.mailbox));
  task_ptr task = co_await server_.engine.get_any(call.who.owner, id);
  if (!task || task->tool() != call.request.tool || stores::is_emptied(*task)) {
    co_return refuse(refusal::bad_resume, "the call that this state belongs to is over");
  }
  co_return co_await wait_or_hand_out(call, std::move(task), rules_for(call));
}

// A caller that knows no tasks gives up early, and can go on with the tools for tasks.
bool calls::falls_back(const on_its_way& call) const noexcept {
  return server_.tools.has_fallback_tools() && call.request.mode == call_mode::wait &&
         call.tool.definition.options.policy != task_policy::never;
}

wait_rules calls::rules_for(const on_its_way& call) const {
  wait_rules rules;
  rules.may_be_handed_out = falls_back(call);
  if (rules.may_be_handed_out) {
    rules.deadline = server_.deadline_in(server_.options.inline_limit);
  }
  return rules;
}

awaitable<call_reply> calls::wait_or_hand_out(on_its_way& call, task_ptr task,
                                              wait_rules rules) const {
  task_wait wait(server_, call.who, call.request, *call.mailbox, call.listener, std::move(task),
                 rules);
  if (auto ended = co_await wait.until_end()) {
    if (auto* const why = std::get_if<refused>(&*ended)) why->begun = true;
    co_return *std::move(ended);
  }
  co_return co_await hand_out(call, wait.task()->id());
}

awaitable<call_reply> calls::hand_out(on_its_way& call, std::string id) const {
  const auto retention = server_.engine.retention_for(
      call.tool.definition, call.request.retention_given, call.request.retention);
  stores::change_result revealed = co_await server_.engine.reveal(call.who.owner, id, retention);
  if (!revealed.task) co_return unknown_task();
  if (call.request.mode == call_mode::wait) {  // a caller that knows no tasks
    if (revealed.task->terminal()) co_return fallback_result(*revealed.task);
    co_return still_running(*revealed.task);
  }
  co_return task_reply(std::move(revealed.task), call.tool);
}

}  // namespace longhaul::serving
