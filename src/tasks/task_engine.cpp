// SPDX-License-Identifier: Apache-2.0
#include "longhaul/task_engine.hpp"

#include <algorithm>
#include <deque>
#include <mutex>

#include "json/view.hpp"
#include "stores/digest.hpp"
#include "stores/task_id.hpp"
#include "tasks/engine.hpp"
#include "tasks/sync.hpp"
#include "tasks/waiter.hpp"

namespace longhaul {
namespace {

tasks::engine_options to_engine_options(const task_engine_options& options) {
  tasks::engine_options result;
  result.store = options.store ? options.store : memory_store(*options.clock);
  result.clock = options.clock;
  result.max_running = options.max_running;
  result.bounds.open_per_quota = options.max_open_per_owner;
  result.limits = options.limits;
  result.default_retention = options.retention;
  result.max_retention = options.max_retention;
  result.manual = options.manual;
  return result;
}

task_ptr created_or_throw(stores::create_result result) {
  switch (result.code) {
    case stores::create_code::created:
    case stores::create_code::existing:
      return std::move(result.task);
    case stores::create_code::key_conflict:
      throw idempotency_conflict("this idempotency key was used with other arguments");
    case stores::create_code::busy:
      break;
  }
  throw engine_busy("too many tasks (" + std::string(result.bound) + ")");
}

change_reply to_reply(stores::change_result result) {
  static_assert(static_cast<int>(change::busy) == static_cast<int>(stores::change_code::busy));
  return {static_cast<change>(result.code), std::move(result.task)};
}

raw_json object_or_throw(const raw_json& arguments) {
  if (!arguments) return raw_json::trusted("{}");
  if (!json::value(arguments).is(json::kind::object)) {
    throw invalid_arguments("arguments must be a JSON object");
  }
  return arguments;
}

// Passes changes on, until it is closed; then no call runs, nor begins, on another thread.
class watcher final : public tasks::follower {
 public:
  explicit watcher(std::function<void(const task_ptr&)> fn) : fn_(std::move(fn)) {}
  void on_task(const task_ptr& task) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    try {
      fn_(task);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the change is made, and others wait for it
    }
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  std::recursive_mutex mutex_;  // a watch may end inside its own call
  bool closed_ = false;
  std::function<void(const task_ptr&)> fn_;
};

struct watch_state {
  watch_state() = default;
  watch_state(const watch_state&) = delete;
  watch_state& operator=(const watch_state&) = delete;
  ~watch_state() { who->close(); }

  std::shared_ptr<watcher> who;
  tasks::hub::subscription following;
};

boost::asio::awaitable<task_ptr> wait_until_terminal(tasks::engine& engine, std::string owner,
                                                     std::string id,
                                                     tasks::waiter::clock::time_point deadline) {
  const auto hears = std::make_shared<tasks::waiter>(co_await boost::asio::this_coro::executor);
  const tasks::waiter::closer closing(*hears);
  const auto following = engine.follow(id, hears);
  auto reading = engine.get(owner, id);
  task_ptr now = co_await std::move(reading);
  while (now && !now->terminal() && tasks::waiter::clock::now() < deadline) {
    auto next = hears->next(deadline);
    if (task_ptr newer = co_await std::move(next); newer && newer->rev > now->rev) {
      now = std::move(newer);
    }
  }
  co_return now;
}

}  // namespace

struct task_engine::state {
  explicit state(const task_engine_options& options)
      : manual(options.manual), engine(to_engine_options(options)) {}

  const bool manual;
  std::deque<tool_definition> tools;  // before the engine: it keeps references
  tasks::engine engine;
};

task_engine::task_engine(const task_engine_options& options)
    : state_(std::make_unique<state>(options)) {}
task_engine::~task_engine() = default;

void task_engine::add_tool(tool_definition tool) {
  if (state_->engine.tool(tool.options.name) != nullptr) {
    throw std::invalid_argument("there is a tool \"" + tool.options.name + "\" already");
  }
  state_->engine.add_tool(state_->tools.emplace_back(std::move(tool)));
}

void task_engine::start() { state_->engine.start(); }

task_ptr task_engine::submit(const task_request& request) {
  const tool_definition* tool = state_->engine.tool(request.tool);
  if (tool == nullptr) throw std::invalid_argument("no such tool: " + request.tool);
  tasks::submission what;
  // Here every tool makes tasks: its policy is for servers.
  what.id = new_task_id(state_->engine.clock().now());
  what.owner = request.owner;
  what.tool = request.tool;
  what.arguments = object_or_throw(request.arguments);
  what.idempotency_key = request.idempotency_key;
  what.retention_given = request.retention.has_value();
  what.retention = request.retention;
  if (tool->check) tool->check(what.arguments);
  return created_or_throw(tasks::sync(state_->engine.submit(what)));
}

task_ptr task_engine::create_external(const task_request& request) {
  tasks::external_submission what;
  what.owner = request.owner;
  what.tool = request.tool;
  what.arguments = object_or_throw(request.arguments);
  what.idempotency_key = request.idempotency_key;
  what.retention = request.retention;
  what.overall_limit = request.overall_limit;
  what.answer_within = request.answer_within;
  return created_or_throw(tasks::sync(state_->engine.submit_external(what)));
}

task_ptr task_engine::get(std::string_view owner, std::string_view id) {
  return tasks::sync(state_->engine.get_whole(owner, id));
}

task_engine::page task_engine::list(std::string_view owner, std::optional<task_status> status,
                                    std::string_view cursor, std::size_t limit) {
  auto found = tasks::sync(state_->engine.list(owner, status, cursor, limit));
  if (!found) throw std::invalid_argument("this cursor is not one that a page gave");
  return {std::move(found->tasks), std::move(found->next_cursor)};
}

task_ptr task_engine::wait(std::string_view owner, std::string_view id,
                           std::optional<std::chrono::milliseconds> limit) {
  // Longer than anybody waits, and short enough to be added to a time.
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
  using clock = tasks::waiter::clock;
  auto deadline = clock::time_point::max();
  if (limit && *limit < longest) {
    deadline = clock::now() + std::max(*limit, std::chrono::milliseconds(0));
  }
  return tasks::sync(
      wait_until_terminal(state_->engine, std::string(owner), std::string(id), deadline));
}

boost::asio::awaitable<task_ptr> task_engine::async_wait(std::string owner, std::string id) {
  return wait_until_terminal(state_->engine, std::move(owner), std::move(id),
                             tasks::waiter::clock::time_point::max());
}

change_reply task_engine::answer(std::string_view owner, std::string_view id,
                                 const std::vector<std::pair<std::string, raw_json>>& answers) {
  std::vector<stores::response> responses;
  for (const auto& [key, value] : answers) {
    static_cast<void>(longhaul::answer::parse(value));  // throws question_error
    responses.push_back({key, value});
  }
  return to_reply(tasks::sync(state_->engine.answer(owner, id, responses)));
}

change_reply task_engine::cancel(std::string_view owner, std::string_view id,
                                 std::string_view reason) {
  return to_reply(tasks::sync(state_->engine.cancel(owner, id, reason)));
}

change_reply task_engine::set_retention(std::string_view owner, std::string_view id,
                                        std::optional<milliseconds> retention) {
  return to_reply(tasks::sync(state_->engine.set_retention(owner, id, retention)));
}

change_reply task_engine::report(std::string_view id, std::string_view token,
                                 progress_state progress, std::string_view message) {
  stores::report_change change;
  change.progress = progress;
  if (!message.empty()) change.status_message = std::string(message);
  return to_reply(tasks::sync(state_->engine.report(id, {0, token}, change)));
}

change_reply task_engine::ask(std::string_view id, std::string_view token,
                              const std::vector<std::pair<std::string, elicitation>>& questions) {
  std::vector<stores::question> asked;
  for (const auto& [key, what] : questions) {
    if (key.empty()) throw question_error("a question needs a key that is not empty");
    stores::question q{key, what.request(), {}};
    q.request_hash = sha256(q.request.view());
    asked.push_back(std::move(q));
  }
  return to_reply(tasks::sync(state_->engine.ask(id, {0, token}, asked)));
}

change_reply task_engine::complete(std::string_view id, std::string_view token,
                                   const outcome& result) {
  return to_reply(tasks::sync(state_->engine.finish(id, {0, token}, result, {})));
}

change_reply task_engine::fail(std::string_view id, std::string_view token, int code,
                               std::string_view message) {
  const outcome failed = outcome::protocol_error(code, message);
  return to_reply(tasks::sync(state_->engine.finish(id, {0, token}, failed, message)));
}

task_engine::watch_handle task_engine::watch(std::string_view id,
                                             std::function<void(const task_ptr&)> on_change) {
  auto result = std::make_shared<watch_state>();
  result->who = std::make_shared<watcher>(std::move(on_change));
  result->following = state_->engine.follow(std::string(id), result->who);
  return result;
}

std::size_t task_engine::remove_expired() {
  const std::size_t removed = tasks::sync(state_->engine.remove_expired());
  if (state_->manual) state_->engine.tick();
  return removed;
}

}  // namespace longhaul
