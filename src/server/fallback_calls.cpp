// SPDX-License-Identifier: Apache-2.0
// Calls of the tools for callers that know no tasks (`fallback_tools.hpp`): answered here, without
// a slot and without a task of their own.
#include <utility>

#include "longhaul/stores/bounds.hpp"
#include "server/calls.hpp"
#include "server/refusals.hpp"

namespace longhaul::serving {

awaitable<call_reply> calls::call_fallback(on_its_way& call, fallback_verb verb) const {
  fallback_request wanted;
  try {
    const raw_json given = or_empty_object(call.request.arguments);
    if (is_short(given)) {
      wanted = read_fallback_request(verb, call.tool.accept(given));
    } else {
      const call_arguments accepted = co_await accept_elsewhere(call.tool, given);
      wanted = read_fallback_request(verb, accepted);
    }
  } catch (const std::invalid_argument& e) {
    co_return refuse(refusal::invalid_arguments, e.what());
  }
  if (verb == fallback_verb::answer) co_return co_await answer_by_tool(call.who, wanted);
  if (verb == fallback_verb::cancel) {
    const auto ended =
        co_await server_.engine.cancel_visible(call.who.owner, wanted.task, "by request");
    co_return ended.task ? describe_task(*ended.task) : no_such_task();
  }
  if (verb == fallback_verb::status) {
    call.mailbox->following.push_back(server_.engine.follow(wanted.task, call.mailbox));
  }
  task_ptr task = co_await server_.engine.get(call.who.owner, wanted.task);
  if (!task) co_return no_such_task();
  if (verb == fallback_verb::result) co_return fallback_result(*task);
  co_return co_await status_by_tool(call, wanted, std::move(task));
}

awaitable<call_reply> calls::status_by_tool(on_its_way& call, const fallback_request& wanted,
                                            task_ptr task) const {
  wait_rules rules;
  rules.deadline = server_.deadline_in(wanted.wait);
  rules.stop_at_question = call.request.ask != asking::on_stream;
  rules.stop_at_unaskable = true;
  task_wait wait(server_, call.who, call.request, *call.mailbox, call.listener, std::move(task),
                 rules);
  const auto ended = co_await wait.until_end();
  const auto* why = ended ? std::get_if<refused>(&*ended) : nullptr;
  if (why != nullptr && !wait.task()->terminal()) co_return *why;
  co_return describe_task(*wait.task());
}

awaitable<call_reply> calls::answer_by_tool(const caller& who,
                                            const fallback_request& wanted) const {
  const task_ptr task = co_await server_.engine.get(who.owner, wanted.task);
  if (!task) co_return no_such_task();
  const task_input* input = find_input(*task, wanted.answer.key);
  if (task->terminal() || input == nullptr || input->response) {
    co_return no_such_question(*task, wanted.answer.key);
  }
  std::string unfit;
  try {
    const std::span answers(&wanted.answer, 1);
    const auto result = co_await server_.engine.answer(who.owner, wanted.task, answers);
    if (result.code == stores::change_code::busy) {
      co_return busy_at(stores::bound_names::open_bytes_per_quota);
    }
    co_return result.task ? describe_task(*result.task) : no_such_task();
  } catch (const tasks::unfit_answer& e) {
    unfit = e.what();
  }
  co_return outcome::tool_error("The answer does not fit the question, which stays open: " + unfit);
}

}  // namespace longhaul::serving
