// SPDX-License-Identifier: Apache-2.0
#include "wire/call_parameters.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "json/validate.hpp"
#include "wire/kept_meta.hpp"
#include "wire/method_table.hpp"
#include "wire/questions.hpp"
#include "wire/tunables.hpp"

namespace longhaul::wire {
namespace {

result<void> read_idempotency_key(const incoming& request, serving::call_request& call) {
  if (!request.meta.idempotency_key) {
    if (!request.meta.first_sent["cancelled"]) return {};
    return fault{"'longhaul.dev/first-sent' with 'cancelled' needs the call's idempotency key"};
  }
  const std::string name = "'longhaul.dev/idempotency-key' ";
  auto key = request.meta.idempotency_key.string();
  if (!key || key->empty() || key->size() > tunables::idempotency_key_length) {
    return fault{name + "must be a string of 1 to " +
                 std::to_string(tunables::idempotency_key_length) + " bytes"};
  }
  if (!request.who.identified && key->size() < tunables::anonymous_key_length) {
    return fault{name + "of an unidentified caller must have at least " +
                 std::to_string(tunables::anonymous_key_length) +
                 " characters, because whoever guesses it is given the task"};
  }
  call.idempotency_key = std::move(*key);
  const json::value first = request.meta.first_sent;
  if (!first) return {};
  const auto at = first["at"].integer();
  auto kept_by = first["keptBy"].string();
  if (!at || *at < 0 || !kept_by) {
    return fault{
        "'longhaul.dev/first-sent' must have 'at', in milliseconds since 1970, and 'keptBy'"};
  }
  const json::value says = first["cancelled"];
  const auto cancelled = says ? says.boolean() : false;
  if (!cancelled) return fault{"'longhaul.dev/first-sent': 'cancelled' is true or false"};
  call.first_sent =
      tasks::sent_before{timestamp(milliseconds(*at)), *std::move(kept_by), *cancelled};
  return {};
}

// `params.task` of 2025-11-25: a task is wanted.
result<void> read_task_metadata(json::value task, serving::call_request& call) {
  if (!task) return {};
  if (!task.is(json::kind::object)) return fault{"'task' must be an object"};
  call.mode = serving::call_mode::as_task;
  call.invalid_makes_task = true;
  const json::value ttl = task["ttl"];
  if (!ttl) return {};
  call.retention_given = true;
  if (ttl.is(json::kind::null)) return {};  // unlimited, as far as the server allows
  const auto number = ttl.number();
  if (!number || !(*number >= 0)) return fault{"'task.ttl' must be a number of milliseconds"};
  call.retention =
      milliseconds(static_cast<std::int64_t>(std::min(*number, tunables::longest_ttl_ms)));
  return {};
}

// What `requestState` seals, or null if anything about it is wrong.
std::optional<call_state> state_to_resume(const context& shared, const incoming& request,
                                          const serving::call_request& call, json::value state) {
  const auto text = state.string();
  if (!text) return std::nullopt;
  auto opened = shared.states.open(*text);
  if (!opened || opened->owner != request.who.owner || opened->tool != call.tool ||
      opened->expires < shared.clock.now() ||
      opened->arguments != hash_of_json(call.arguments.view())) {
    return std::nullopt;
  }
  return opened;
}

// Answers come with a repeated call, and what they answer is sealed in `requestState`.
result<void> read_state(const context& shared, const incoming& request,
                        serving::call_request& call) {
  const json::value state = request.call.params["requestState"];
  if (!state) return {};
  auto opened = state_to_resume(shared, request, call, state);
  if (!opened) return fault{"'requestState' is not valid for this request"};
  call.resume = std::move(opened->task);
  // What was answered stays so, whatever comes under its key.
  std::vector<stores::response> before = read_given_answers(opened->answers);
  call.answers.insert(call.answers.begin(), std::make_move_iterator(before.begin()),
                      std::make_move_iterator(before.end()));
  return {};
}

void read_modes(const incoming& request, serving::call_request& call) {
  const revision_look& look = request.look;
  call.modes = modes_of(request);
  call.plain_for_always = look.tasks.tasks == task_look::dialect::none;
  if (look.stateless) {
    if (declares(request.meta, tasks_extension)) call.mode = serving::call_mode::may_become_task;
    if (call.modes.any()) call.ask = serving::asking::by_reply;
  } else if (call.modes.any() && request.streams) {
    call.ask = serving::asking::on_stream;
  }
}

// What is read alike of all of them: `_meta`, answers, and the state of a call that is repeated.
result<void> read_rest(const context& shared, const incoming& request,
                       serving::call_request& call) {
  call.meta = kept_meta(request.meta.all, call.modes, request.http);
  call.whole_meta = request.meta.all;
  if (!request.look.stateless) return {};
  if (const json::value responses = request.call.params["inputResponses"]) {
    auto answers = read_responses(responses);
    if (!answers) return answers.error();
    call.answers = std::move(*answers);
  }
  return read_state(shared, request, call);
}

}  // namespace

result<serving::call_request> read_tool_call(const context& shared, const incoming& request) {
  const json::indexed& params = request.call.params;
  serving::call_request call;
  call.tool = *params["name"].string();
  call.entry = request.tool;
  const json::value arguments = params["arguments"];
  if (arguments && !arguments.is(json::kind::object)) {
    return fault{"'arguments' must be an object"};
  }
  call.arguments = keep(arguments);
  if (const auto key = read_idempotency_key(request, call); !key) return key.error();
  read_modes(request, call);
  if (const auto rest = read_rest(shared, request, call); !rest) return rest.error();
  if (request.look.tasks.tasks == task_look::dialect::requested) {
    if (const auto task = read_task_metadata(params["task"], call); !task) return task.error();
  }
  return call;
}

result<serving::call_request> read_run(const context& shared, const incoming& request,
                                       const serving::entry_ptr& callable, raw_json arguments) {
  serving::call_request call;
  call.tool = callable->name();
  call.entry = callable;
  call.arguments = std::move(arguments);
  read_modes(request, call);
  call.mode = serving::call_mode::wait;
  if (const auto rest = read_rest(shared, request, call); !rest) return rest.error();
  return call;
}

}  // namespace longhaul::wire
