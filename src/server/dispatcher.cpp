// SPDX-License-Identifier: Apache-2.0
#include "server/dispatcher.hpp"

#include <algorithm>
#include <charconv>

#include "server/refusals.hpp"
#include "server/wait_state.hpp"
#include "stores/bounds.hpp"
#include "stores/transitions.hpp"
#include "tasks/failure.hpp"

namespace longhaul::serving {
namespace {

constexpr std::size_t tools_per_page = 100;
constexpr std::size_t tasks_per_page = 50;
constexpr std::chrono::milliseconds default_poll_interval{1000};

refused unknown_task() { return refuse(refusal::unknown_task, "there is no such task"); }

// The reply to a call whose create found no new task, or null if there is one to wait for.
std::optional<refused> refusal_of(const stores::create_result& created) {
  switch (created.code) {
    case stores::create_code::created:
    case stores::create_code::existing:
      return std::nullopt;
    case stores::create_code::key_conflict:
      return refuse(refusal::idempotency_conflict,
                    "this idempotency key was used with other arguments");
    case stores::create_code::busy:
      break;
  }
  return busy_at(created.bound);
}

}  // namespace

dispatcher::dispatcher(const registry& tools, tasks::engine& engine, dispatcher_options options)
    : tools_(tools), engine_(engine), options_(std::move(options)) {}

task_view dispatcher::view(task_ptr task) const {
  const registered_tool* tool = tools_.find(task->tool());
  return {std::move(task), tool ? tool->definition.options.poll_interval : default_poll_interval};
}

refused dispatcher::failure(const std::exception& e) const {
  if (dynamic_cast<const tasks::too_many_followers*>(&e) != nullptr) {
    return busy("too many requests wait for this task already: try again later");
  }
  if (dynamic_cast<const std::bad_alloc*>(&e) != nullptr) {
    return busy("the server has no memory for this now: try again later");
  }
  const auto* const store = dynamic_cast<const stores::store_error*>(&e);
  if (store != nullptr && !store->outcome_unknown()) {
    // A full disk, a file that is gone: callers hear why, without paths, and may come again.
    refused r = busy("tasks cannot be stored or read now: " + store->reason());
    r.retry_after = tasks::tunables::store_retry_after;
    return r;
  }
  const std::string_view what =
      store != nullptr ? "Internal error: the task store could not do this" : "Internal error";
  refused r = refuse(refusal::internal, {});
  r.error_id = tasks::new_error_id();
  r.message = tasks::with_error_id(what, r.error_id);
  options_.log.error("request.failed", e.what(), {{"error_id", r.error_id}});
  return r;
}

reply<tool_page> dispatcher::list_tools(std::optional<std::string_view> cursor) const {
  std::size_t from = 0;
  const auto& all = tools_.all();
  if (cursor) {
    const char* end = cursor->data() + cursor->size();
    const auto [stop, error] = std::from_chars(cursor->data(), end, from);
    // Exactly what a page gave: the beginning of another one, without leading zeros.
    const bool ours = error == std::errc() && stop == end && from > 0 && from < all.size() &&
                      from % tools_per_page == 0 && cursor->front() != '0';
    if (!ours) {
      return refuse(refusal::bad_cursor, "this cursor is not one that tools/list gave");
    }
  }
  tool_page page;
  const std::size_t to = std::min(all.size(), from + tools_per_page);
  for (std::size_t i = from; i < to; ++i) page.tools.push_back(&all[i]->definition);
  if (to < all.size()) page.next_cursor = std::to_string(to);
  return page;
}

// --- calls

awaitable<call_reply> dispatcher::call(const caller& who, call_request request, exchange_ptr open,
                                       audience& to, bool cancel_on_abandon) {
  const exchange_closer closing(*open);
  const registered_tool* tool = tools_.find(request.tool);
  if (tool == nullptr) co_return refuse(refusal::unknown_tool, "unknown tool: " + request.tool);
  if (engine_.draining()) co_return refuse(refusal::shutting_down, "the server is shutting down");
  try {
    if (tools_.has_fallback_tools()) {
      if (const auto verb = fallback_verb_of(request.tool)) {
        auto answering = call_fallback(who, *verb, *tool, request, open, to);
        co_return co_await std::move(answering);
      }
    }
    if (!request.resume.empty()) {
      auto resuming = resume(who, request, open, to, cancel_on_abandon);
      co_return co_await std::move(resuming);
    }
    auto creating = create(who, request, *tool, open, to, cancel_on_abandon);
    co_return co_await std::move(creating);
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

tasks::submission dispatcher::submission_for(const caller& who, const call_request& request,
                                             const tool_definition& tool) const {
  tasks::submission what;
  what.id = engine_.new_id(tool);
  what.owner = who.owner;
  what.quota = who.quota;
  what.tool = request.tool;
  what.arguments = request.arguments ? request.arguments : raw_json::trusted("{}");
  what.meta = request.meta;
  what.idempotency_key = request.idempotency_key;
  what.retention_given = request.retention_given;
  what.retention = request.retention;
  return what;
}

awaitable<raw_json> dispatcher::accept(const registered_tool& tool, raw_json arguments) {
  if (arguments.size() <= tasks::tunables::checked_inline) co_return tool.accept(arguments);
  raw_json accepted;
  auto reading = engine_.offload([&] { accepted = tool.accept(arguments); });
  co_await std::move(reading);
  co_return accepted;
}

awaitable<call_reply> dispatcher::create(const caller& who, call_request& request,
                                         const registered_tool& entry, const exchange_ptr& open,
                                         audience& to, bool cancel_on_abandon) {
  const tool_definition& tool = entry.definition;
  const task_policy policy = tool.options.policy;
  if (request.mode == call_mode::as_task && policy == task_policy::never) {
    co_return refuse(refusal::task_forbidden, "this tool never runs as a task");
  }
  if (request.mode == call_mode::wait && policy == task_policy::always &&
      !request.plain_for_always) {
    co_return refuse(refusal::task_required, "this tool runs only as a task");
  }
  const bool may_be_task =
      request.mode == call_mode::may_become_task && policy != task_policy::never;
  const bool inline_first =
      may_be_task && policy == task_policy::automatic && tool.options.inline_wait.count() > 0;
  const bool task_at_once = request.mode == call_mode::as_task || (may_be_task && !inline_first);

  tasks::submission what = submission_for(who, request, tool);
  what.hidden = !task_at_once;
  try {
    auto accepting = accept(entry, what.arguments);
    what.arguments = co_await std::move(accepting);
  } catch (const std::invalid_argument& e) {
    if (!(request.invalid_makes_task && task_at_once)) {
      co_return refuse(refusal::invalid_arguments, e.what());
    }
    what.born_finished = outcome::tool_error(e.what());
  }
  // Followed before it exists: what happens before we look is not lost.
  if (!task_at_once) open->following.push_back(engine_.follow(what.id, open));
  auto submitting = engine_.submit(what);
  stores::create_result created = co_await std::move(submitting);
  if (auto no = refusal_of(created)) co_return std::move(*no);
  if (task_at_once && !created.task->hidden) {
    co_return created_task{created.task, tool.options.poll_interval};
  }
  if (task_at_once) {  // a plain call with this key began it: now its id is handed out
    auto handing_out = hand_out(who, request, tool, created.task->id());
    co_return co_await std::move(handing_out);
  }
  if (created.code == stores::create_code::existing) {
    open->following.push_back(engine_.follow(created.task->id(), open));
    auto reading = engine_.get_any(who.owner, created.task->id());
    created.task = co_await std::move(reading);
    if (!created.task) {  // ended, and gone, before we could follow it
      co_return busy("the work of this idempotency key has just ended");
    }
  }
  wait_state state{who, request, *open, to, created.task, pace_for(to)};
  state.cancel_on_abandon = cancel_on_abandon;
  state.begun_here = created.code == stores::create_code::created;
  state.may_be_handed_out = falls_back(request, tool);
  if (inline_first) {
    state.deadline = exchange::clock::now() + tool.options.inline_wait;
    state.stop_at_question = true;
  } else if (state.may_be_handed_out) {
    state.deadline = exchange::clock::now() + options_.inline_limit;
  }
  auto waiting = wait_for_end(state);
  if (auto ended = co_await std::move(waiting)) co_return std::move(*ended);
  // Not done in time: from now on it is a task like any other.
  auto handing_out = hand_out(who, request, tool, state.now->id());
  co_return co_await std::move(handing_out);
}

bool dispatcher::falls_back(const call_request& request,
                            const tool_definition& tool) const noexcept {
  return tools_.has_fallback_tools() && request.mode == call_mode::wait &&
         tool.options.policy != task_policy::never;
}

awaitable<call_reply> dispatcher::call_fallback(const caller& who, fallback_verb verb,
                                                const registered_tool& tool, call_request& request,
                                                const exchange_ptr& open, audience& to) {
  fallback_request wanted;
  try {
    const raw_json given = request.arguments ? request.arguments : raw_json::trusted("{}");
    auto accepting = accept(tool, given);
    const raw_json arguments = co_await std::move(accepting);
    wanted = read_fallback_request(verb, arguments);
  } catch (const std::invalid_argument& e) {
    co_return refuse(refusal::invalid_arguments, e.what());
  }
  if (verb == fallback_verb::answer) {
    auto answering = answer_by_tool(who, wanted);
    co_return co_await std::move(answering);
  }
  open->following.push_back(engine_.follow(wanted.task, open));
  auto reading = engine_.get(who.owner, wanted.task);
  task_ptr task = co_await std::move(reading);
  if (!task) co_return no_such_task();
  if (verb == fallback_verb::result) co_return fallback_result(*task);
  if (verb == fallback_verb::cancel) {
    auto cancelling = engine_.cancel(who.owner, wanted.task, "by request");
    const stores::change_result ended = co_await std::move(cancelling);
    co_return ended.task ? describe_task(*ended.task) : no_such_task();
  }
  wait_state state{who, request, *open, to, task, pace_for(to)};
  state.deadline = exchange::clock::now() + wanted.wait;
  state.stop_at_question = request.ask != asking::on_stream;
  state.stop_at_unaskable = true;
  auto waiting = wait_for_end(state);
  const auto ended = co_await std::move(waiting);
  const auto* no = ended ? std::get_if<refused>(&*ended) : nullptr;
  if (no != nullptr && !state.now->terminal()) co_return *no;
  co_return describe_task(*state.now);
}

awaitable<call_reply> dispatcher::answer_by_tool(const caller& who,
                                                 const fallback_request& wanted) {
  auto reading = engine_.get(who.owner, wanted.task);
  const task_ptr task = co_await std::move(reading);
  if (!task) co_return no_such_task();
  const task_input* input = find_input(*task, wanted.answer.key);
  if (task->terminal() || input == nullptr || input->response) {
    co_return no_such_question(*task, wanted.answer.key);
  }
  std::string unfit;
  try {
    const std::span answers(&wanted.answer, 1);
    auto answering = engine_.answer(who.owner, wanted.task, answers);
    const stores::change_result result = co_await std::move(answering);
    if (result.code == stores::change_code::busy) {
      co_return busy_at(stores::bound_names::open_bytes_per_quota);
    }
    co_return result.task ? describe_task(*result.task) : no_such_task();
  } catch (const tasks::unfit_answer& e) {
    unfit = e.what();
  }
  co_return outcome::tool_error("The answer does not fit the question, which stays open: " + unfit);
}

awaitable<call_reply> dispatcher::hand_out(const caller& who, const call_request& request,
                                           const tool_definition& tool, std::string id) {
  const auto retention = engine_.retention_for(tool, request.retention_given, request.retention);
  auto revealing = engine_.reveal(who.owner, id, retention);
  const stores::change_result revealed = co_await std::move(revealing);
  if (!revealed.task) co_return unknown_task();
  if (request.mode == call_mode::wait) {  // a caller that knows no tasks
    if (revealed.task->terminal()) co_return fallback_result(*revealed.task);
    co_return still_running(*revealed.task);
  }
  co_return created_task{revealed.task, tool.options.poll_interval};
}

awaitable<call_reply> dispatcher::resume(const caller& who, call_request& request,
                                         const exchange_ptr& open, audience& to,
                                         bool cancel_on_abandon) {
  open->following.push_back(engine_.follow(request.resume, open));
  auto reading = engine_.get_any(who.owner, request.resume);
  const task_ptr task = co_await std::move(reading);
  if (!task || task->tool() != request.tool || stores::is_emptied(*task)) {
    co_return refuse(refusal::bad_resume, "the call that this state belongs to is over");
  }
  wait_state state{who, request, *open, to, task, pace_for(to)};
  state.cancel_on_abandon = cancel_on_abandon;
  const tool_definition& tool = tools_.find(request.tool)->definition;
  state.may_be_handed_out = falls_back(request, tool);
  if (state.may_be_handed_out) state.deadline = exchange::clock::now() + options_.inline_limit;
  auto waiting = wait_for_end(state);
  auto ended = co_await std::move(waiting);
  if (ended) co_return std::move(*ended);
  auto handing_out = hand_out(who, request, tool, state.now->id());
  co_return co_await std::move(handing_out);
}

// --- tasks

awaitable<reply<task_view>> dispatcher::get(const caller& who, std::string_view id) {
  try {
    auto reading = engine_.get(who.owner, id);
    task_ptr task = co_await std::move(reading);
    if (!task) co_return unknown_task();
    co_return view(std::move(task));
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

awaitable<reply<task_view>> dispatcher::update(const caller& who, std::string_view id,
                                               std::span<const stores::response> answers) {
  try {
    auto writing = engine_.answer(who.owner, id, answers);
    stores::change_result result = co_await std::move(writing);
    if (!result.task) co_return unknown_task();
    if (result.code == stores::change_code::busy) {
      co_return busy_at(stores::bound_names::open_bytes_per_quota);
    }
    co_return view(std::move(result.task));
  } catch (const tasks::unfit_answer& e) {
    co_return refuse_answer(e);
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

void dispatcher::ask_again(const std::string& id, const std::string& key, int round) {
  engine_.ask_again(id, {key, round});
}

awaitable<reply<task_view>> dispatcher::cancel(const caller& who, std::string_view id,
                                               std::string_view reason) {
  try {
    // A hidden task is nobody's to cancel by id.
    auto reading = engine_.get(who.owner, id);
    const task_ptr known = co_await std::move(reading);
    if (!known) co_return unknown_task();
    auto writing = engine_.cancel(who.owner, id, reason);
    stores::change_result result = co_await std::move(writing);
    if (!result.task) co_return unknown_task();
    if (result.code == stores::change_code::already_terminal) {
      refused r = refuse(refusal::already_terminal,
                         "the task is already " + std::string(to_string(result.task->status)));
      r.task = std::move(result.task);
      co_return r;
    }
    co_return view(std::move(result.task));
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

awaitable<reply<task_page>> dispatcher::list(const caller& who, std::string_view cursor) {
  try {
    auto reading = engine_.list(who.owner, std::nullopt, cursor, tasks_per_page);
    auto found = co_await std::move(reading);
    if (!found)
      co_return refuse(refusal::bad_cursor, "this cursor is not one that tasks/list gave");
    task_page page;
    page.next_cursor = std::move(found->next_cursor);
    for (task_ptr& task : found->tasks) page.tasks.push_back(view(std::move(task)));
    co_return page;
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

awaitable<reply<task_view>> dispatcher::result(const caller& who, std::string_view id,
                                               exchange_ptr open, audience& to) {
  call_request stream;
  stream.ask = asking::on_stream;
  stream.modes = {true, true};  // the audience knows what its client declared
  const exchange_closer closing(*open);
  try {
    open->following.push_back(engine_.follow(std::string(id), open));
    auto reading = engine_.get(who.owner, id);
    task_ptr task = co_await std::move(reading);
    if (!task) co_return unknown_task();
    wait_state state{who, stream, *open, to, task, pace_for(to)};
    state.report_changes = true;
    auto waiting = wait_for_end(state);
    auto ended = co_await std::move(waiting);
    if (state.now->terminal()) co_return view(state.now);
    refused* const why = ended ? std::get_if<refused>(&*ended) : nullptr;
    co_return why != nullptr ? std::move(*why) : refuse(refusal::abandoned, "the caller left");
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

awaitable<reply<resource_contents>> dispatcher::read_resource(const caller& who,
                                                              std::string_view uri) {
  const auto unknown = refuse(refusal::unknown_resource, "there is no such resource");
  if (options_.outputs == nullptr) co_return unknown;
  try {
    const auto address = parse_output_address(uri);
    if (!address) co_return unknown;
    auto reading = engine_.get_any(who.owner, address->task);
    const task_ptr task = co_await std::move(reading);
    if (!task) co_return unknown;
    std::optional<output_source::part> part;
    auto looking = engine_.offload([&] {
      output_source& from = *options_.outputs;
      const std::size_t most = static_cast<std::size_t>(
          std::min<std::uint64_t>(address->tail.value_or(output_read_limit), output_read_limit));
      part = address->offset ? from.read(address->task, address->stream, *address->offset, most)
                             : from.tail(address->task, address->stream, most);
    });
    co_await std::move(looking);
    if (!part) co_return unknown;
    co_return contents_of(std::move(*part), task->terminal(), address->offset);
  } catch (const std::invalid_argument& e) {
    co_return refuse(refusal::invalid_arguments, e.what());
  } catch (const std::exception& e) {
    co_return failure(e);
  }
}

awaitable<reply<std::vector<task_view>>> dispatcher::follow(const caller& who,
                                                            std::span<const std::string> ids,
                                                            exchange_ptr open) {
  std::vector<task_view> result;
  try {
    for (const std::string& id : ids) {
      if (open->seen.contains(id)) continue;
      auto following = engine_.follow(id, open);
      auto reading = engine_.get(who.owner, id);
      task_ptr task = co_await std::move(reading);
      if (!task) continue;  // the subscription ends with this scope
      open->seen.emplace(id, task->rev);
      open->following.push_back(std::move(following));
      result.push_back(view(std::move(task)));
    }
    co_return result;
  } catch (const std::exception& e) {
    open->following.clear();
    open->close();
    co_return failure(e);
  }
}

}  // namespace longhaul::serving
