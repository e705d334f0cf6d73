// SPDX-License-Identifier: Apache-2.0
// Calls of tools that have questions settled before there is a task, by callers whose replies ask:
// nothing is stored, what was answered travels with the reply. Where that cannot be (a question
// that this caller cannot be asked, answers too large to travel), the work begins, and its task
// asks.
#include <algorithm>
#include <utility>

#include "server/calls.hpp"
#include "server/refusals.hpp"
#include "server/tunables.hpp"
#include "tasks/preflight.hpp"

namespace longhaul::serving {
namespace {

bool may_travel(const tasks::settled_questions& all, const question_modes& modes) {
  std::size_t bytes = 0;
  for (const task_input& one : all.answered) bytes += one.key.size() + one.response.size();
  return bytes <= tunables::travelling_answers &&
         std::ranges::all_of(all.open, [&](const stores::question& one) {
           return may_be_asked(modes, json::value(one.request));
         });
}

}  // namespace

awaitable<call_reply> calls::settle_first(on_its_way& call) const {
  call_request& request = call.request;
  tasks::settled_questions all;
  std::optional<call_reply> ended;
  const timestamp now = server_.engine.clock().now();
  const auto look = [&] {
    raw_json accepted;
    try {
      accepted = call.tool.accept(or_empty_object(request.arguments)).json();
    } catch (const std::invalid_argument&) {
      return;  // refused, or a task that failed, as without questions
    }
    all = tasks::settle(call.tool.definition, accepted, request.answers, now);
  };
  try {
    co_await server_.engine.offload(look);
  } catch (const tasks::unfit_answer& e) {
    ended = refuse_answer(e);
  } catch (const tool_error& e) {
    ended = outcome::tool_error(e.what());
  } catch (const protocol_error& e) {
    ended = outcome::protocol_error(e.code(), e.what(), e.data());
  }
  if (ended) co_return *std::move(ended);
  if (!all.open.empty() && may_travel(all, request.modes)) {
    co_return needs_input{nullptr, std::move(all.open), std::move(all.answered)};
  }
  if (!all.answered.empty()) {
    request.settled = std::make_shared<const task_inputs>(std::move(all.answered));
  }
  co_return co_await begin_as_planned(call);
}

}  // namespace longhaul::serving
