// SPDX-License-Identifier: Apache-2.0
#include "server/dispatcher.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "json/view.hpp"
#include "stores/bounds.hpp"

namespace longhaul::serving {
namespace {

constexpr std::size_t tools_per_page = 100;
constexpr std::size_t tasks_per_page = 50;
constexpr std::chrono::milliseconds default_poll_interval{1000};
// How soon a notification that a slow peer did not take is tried again.
constexpr std::chrono::milliseconds retry_after_full{100};

refused refuse(refusal why, std::string message) {
  refused r;
  r.why = why;
  r.message = std::move(message);
  return r;
}

refused unknown_task() { return refuse(refusal::unknown_task, "there is no such task"); }

refused busy(std::string_view bound) {
  const bool arguments = bound == stores::bound_names::arguments;
  const bool bytes = bound.find("bytes") != std::string_view::npos ||
                     bound == stores::bound_names::memory;
  const std::string words = arguments ? "the arguments are too large ("
                            : bytes   ? "tasks take up too much ("
                                      : "too many tasks (";
  refused r = refuse(refusal::busy, words + std::string(bound) +
                                        (arguments ? ")" : "): try again later"));
  r.retry_after = tasks::tunables::busy_retry_after;
  r.bound = bound;
  return r;
}

refused internal(const std::exception& e) {
  // A full disk, a file that is gone: callers hear why, without paths, and may come again.
  const auto* failed = dynamic_cast<const stores::store_error*>(&e);
  if (failed != nullptr && !failed->outcome_unknown()) {
    refused r = refuse(refusal::busy, "tasks cannot be stored or read now: " + failed->reason());
    r.retry_after = tasks::tunables::store_retry_after;
    return r;
  }
  return refuse(refusal::internal, std::string("the server could not do this: ") + e.what());
}

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
  return busy(created.bound);
}

bool can_be_asked(const question_modes& modes, const task_input& input) {
  const bool url = json::value(input.request)["params"]["mode"].equals("url");
  return url ? modes.url : modes.form;
}

class exchange_closer {
 public:
  explicit exchange_closer(exchange& open) : open_(open) {}
  exchange_closer(const exchange_closer&) = delete;
  exchange_closer& operator=(const exchange_closer&) = delete;
  ~exchange_closer() {
    open_.following.clear();
    open_.close();
  }

 private:
  exchange& open_;
};

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

// What a call or a `tasks/result` that waits carries along.
struct dispatcher::wait_state {
  const caller& who;
  call_request& request;
  exchange& open;
  audience& to;
  task_ptr now;
  bool cancel_on_abandon = false;
  bool announced = false;         // `waiting` was called
  bool report_changes = false;    // the audience hears of every state
  bool stop_at_question = false;  // a question ends the wait (inline wait of a task to be)
  exchange::clock::time_point deadline = exchange::clock::time_point::max();
  std::set<std::string> asked = {};  // keys that the audience took
  std::vector<tasks::progress_event> progress = {};
  std::vector<tasks::log_event> logs = {};
  task_ptr unsent = nullptr;  // a state that the audience did not take yet

  bool must_retry() const {
    return (report_changes && unsent) || !progress.empty() || !logs.empty() || retry_question;
  }
  bool retry_question = false;

  void deliver(exchange::batch batch) {
    send_in_order(progress, std::move(batch.progress), [&](auto& e) { return to.progress(e); });
    send_in_order(logs, std::move(batch.logs), [&](auto& e) { return to.log(e); });
    for (task_ptr& task : batch.tasks) {
      if (task->id() == now->id() && task->rev > now->rev) {
        now = std::move(task);
        unsent = now;
      }
    }
  }
};

dispatcher::dispatcher(const registry& tools, tasks::engine& engine, dispatcher_options options)
    : tools_(tools), engine_(engine), options_(options) {}

task_view dispatcher::view(task_ptr task) const {
  const registered_tool* tool = tools_.find(task->tool());
  return {std::move(task), tool ? tool->definition.options.poll_interval : default_poll_interval};
}

reply<tool_page> dispatcher::list_tools(std::optional<std::string_view> cursor) const {
  std::size_t from = 0;
  const auto& all = tools_.all();
  if (cursor) {
    const char* end = cursor->data() + cursor->size();
    const auto [stop, error] = std::from_chars(cursor->data(), end, from);
    if (error != std::errc() || stop != end || from == 0 || from >= all.size()) {
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
    co_return internal(e);
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
    what.arguments = entry.accept(what.arguments);
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
      refused r = refuse(refusal::busy, "the work of this idempotency key has just ended");
      r.retry_after = tasks::tunables::busy_retry_after;
      co_return r;
    }
  }
  wait_state state{.who = who, .request = request, .open = *open, .to = to, .now = created.task};
  state.cancel_on_abandon = cancel_on_abandon;
  if (inline_first) {
    state.deadline = exchange::clock::now() + tool.options.inline_wait;
    state.stop_at_question = true;
  } else if (falls_back(request, tool)) {
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
    wanted = read_fallback_request(verb, tool.accept(given));
  } catch (const std::invalid_argument& e) {
    co_return refuse(refusal::invalid_arguments, e.what());
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
  wait_state state{.who = who, .request = request, .open = *open, .to = to, .now = task};
  state.deadline = exchange::clock::now() + wanted.wait;
  state.stop_at_question = request.ask != asking::on_stream;
  auto waiting = wait_for_end(state);
  const auto ended = co_await std::move(waiting);
  const auto* no = ended ? std::get_if<refused>(&*ended) : nullptr;
  if (no != nullptr && !state.now->terminal()) co_return *no;
  co_return describe_task(*state.now);
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
  if (!task || task->tool() != request.tool) {
    co_return refuse(refusal::bad_resume, "the call that this state belongs to is over");
  }
  wait_state state{.who = who, .request = request, .open = *open, .to = to, .now = task};
  state.cancel_on_abandon = cancel_on_abandon;
  const tool_definition& tool = tools_.find(request.tool)->definition;
  if (falls_back(request, tool)) state.deadline = exchange::clock::now() + options_.inline_limit;
  auto waiting = wait_for_end(state);
  auto ended = co_await std::move(waiting);
  if (ended) co_return std::move(*ended);
  auto handing_out = hand_out(who, request, tool, state.now->id());
  co_return co_await std::move(handing_out);
}

awaitable<std::optional<call_reply>> dispatcher::wait_for_end(wait_state& state) {
  while (true) {
    if (state.report_changes && state.unsent && state.to.changed(view(state.unsent))) {
      state.unsent = nullptr;
    }
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
      if (state.now->status != task_status::input_required) continue;
    }
    if (!state.announced) {
      state.announced = true;
      state.to.waiting();
    }
    const auto wake = state.must_retry()
                          ? std::min(state.deadline, exchange::clock::now() + retry_after_full)
                          : state.deadline;
    auto waiting = state.open.wait(wake);
    co_await std::move(waiting);
    exchange::batch batch = state.open.take();
    const bool abandoned = batch.abandoned, stopping = batch.shutting_down;
    state.deliver(std::move(batch));
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

// Null: nothing ends the wait; `state.now` may be newer.
awaitable<std::optional<call_reply>> dispatcher::handle_questions(wait_state& state) {
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
  if (!known.empty()) {
    auto answering = engine_.answer(state.who.owner, state.now->id(), known);
    const stores::change_result result = co_await std::move(answering);
    if (result.code == stores::change_code::busy) {
      co_return call_reply(busy(stores::bound_names::open_bytes_per_quota));
    }
    if (result.task && result.task->rev > state.now->rev) state.now = result.task;
    if (state.now->status != task_status::input_required) co_return std::nullopt;
  }
  state.retry_question = false;
  for (const task_input& input : *state.now->inputs) {
    if (input.response || state.asked.contains(input.key)) continue;
    const bool may = can_be_asked(request.modes, input);
    if (state.now->hidden && (!may || request.ask == asking::impossible)) {
      auto giving_up = give_up_unaskable(state);
      co_return co_await std::move(giving_up);
    }
    if (request.ask == asking::by_reply) co_return call_reply(needs_input{state.now});
    if (request.ask != asking::on_stream || !may) continue;
    if (state.to.question(*state.now, input)) {
      state.asked.insert(input.key);
    } else {
      state.retry_question = true;
    }
  }
  co_return std::nullopt;
}

awaitable<call_reply> dispatcher::give_up_unaskable(wait_state& state) {
  auto cancelling = engine_.cancel(state.who.owner, state.now->id(), "the caller cannot be asked");
  co_await std::move(cancelling);
  co_return outcome::tool_error(
      "The tool needs an answer from the user, and this client did not declare that it can ask "
      "(elicitation).");
}

// --- tasks

awaitable<reply<task_view>> dispatcher::get(const caller& who, std::string_view id) {
  try {
    auto reading = engine_.get(who.owner, id);
    task_ptr task = co_await std::move(reading);
    if (!task) co_return unknown_task();
    co_return view(std::move(task));
  } catch (const std::exception& e) {
    co_return internal(e);
  }
}

awaitable<reply<task_view>> dispatcher::update(const caller& who, std::string_view id,
                                               std::span<const stores::response> answers) {
  try {
    auto writing = engine_.answer(who.owner, id, answers);
    stores::change_result result = co_await std::move(writing);
    if (!result.task) co_return unknown_task();
    if (result.code == stores::change_code::busy) {
      co_return busy(stores::bound_names::open_bytes_per_quota);
    }
    co_return view(std::move(result.task));
  } catch (const std::exception& e) {
    co_return internal(e);
  }
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
    co_return internal(e);
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
    co_return internal(e);
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
    wait_state state{.who = who, .request = stream, .open = *open, .to = to, .now = task};
    state.report_changes = true;
    auto waiting = wait_for_end(state);
    auto ended = co_await std::move(waiting);
    if (state.now->terminal()) co_return view(state.now);
    refused* const why = ended ? std::get_if<refused>(&*ended) : nullptr;
    co_return why != nullptr ? std::move(*why) : refuse(refusal::abandoned, "the caller left");
  } catch (const std::exception& e) {
    co_return internal(e);
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
    co_return internal(e);
  }
}

awaitable<std::vector<task_view>> dispatcher::follow(const caller& who,
                                                     std::span<const std::string> ids,
                                                     exchange_ptr open) {
  std::vector<task_view> result;
  for (const std::string& id : ids) {
    if (open->seen.contains(id)) continue;
    try {
      auto following = engine_.follow(id, open);
      auto reading = engine_.get(who.owner, id);
      task_ptr task = co_await std::move(reading);
      if (!task) continue;  // the subscription ends with this scope
      open->seen.emplace(id, task->rev);
      open->following.push_back(std::move(following));
      result.push_back(view(std::move(task)));
    } catch (const tasks::too_many_followers&) {
      continue;  // missing in the acknowledgement, as an unknown one is
    }
  }
  co_return result;
}

awaitable<bool> dispatcher::listen(exchange_ptr open, audience& to) {
  const exchange_closer closing(*open);
  std::vector<task_ptr> pending;
  to.waiting();
  while (true) {
    auto waiting = open->wait(pending.empty() ? exchange::clock::time_point::max()
                                              : exchange::clock::now() + retry_after_full);
    co_await std::move(waiting);
    exchange::batch batch = open->take();
    if (batch.abandoned) co_return false;
    for (task_ptr& task : batch.tasks) {
      const auto same = [&](const task_ptr& p) { return p->id() == task->id(); };
      const auto known = std::find_if(pending.begin(), pending.end(), same);
      if (known == pending.end()) {
        pending.push_back(std::move(task));
      } else if ((*known)->rev < task->rev) {
        *known = std::move(task);
      }
    }
    std::erase_if(pending, [&](const task_ptr& task) {
      const auto seen = open->seen.find(task->id());
      if (seen == open->seen.end() || task->rev <= seen->second) return true;
      if (!to.changed(view(task))) return false;
      seen->second = task->rev;
      return true;
    });
    if (batch.shutting_down) co_return true;
  }
}

}  // namespace longhaul::serving
