// SPDX-License-Identifier: Apache-2.0
#include "longhaul/task_access.hpp"

#include <algorithm>
#include <mutex>

#include "json/view.hpp"
#include "longhaul/stores/cursor.hpp"
#include "longhaul/stores/task_id.hpp"
#include "tasks/engine_link.hpp"
#include "tasks/operations.hpp"
#include "tasks/questions.hpp"
#include "tasks/sync.hpp"
#include "tasks/wait_words.hpp"
#include "tasks/waiter.hpp"

namespace longhaul {
namespace {

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
  throw engine_busy("a bound is reached (" + std::string(result.bound) + ")");
}

change_reply to_reply(stores::change_result result) {
  static_assert(static_cast<int>(change::busy) == static_cast<int>(stores::change_code::busy));
  return {static_cast<change>(result.code), std::move(result.task)};
}

raw_json object_or_throw(const raw_json& arguments) {
  raw_json given = or_empty_object(arguments);
  if (!json::value(given).is(json::kind::object)) {
    throw invalid_arguments("arguments must be a JSON object");
  }
  return given;
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

boost::asio::awaitable<task_ptr> wait_until_terminal(tasks::engine_link::access access,
                                                     std::string owner, std::string id,
                                                     tasks::waiter::clock::time_point deadline) {
  const auto hears = std::make_shared<tasks::waiter>(co_await boost::asio::this_coro::executor);
  const tasks::waiter::closer closing(*hears);
  const auto following = access.engine->follow(id, hears);
  const std::stop_callback at_the_end(access.closing, [&hears] { hears->wake(); });
  task_ptr now = co_await access.engine->get(owner, id);
  while (now && !now->terminal() && tasks::waiter::clock::now() < deadline) {
    if (access.closing.stop_requested()) throw not_running("the server has stopped");
    if (task_ptr newer = co_await hears->next(deadline); newer && newer->rev > now->rev) {
      now = std::move(newer);
    }
  }
  co_return now;
}

}  // namespace

task_ptr task_access::submit(const task_request& request) {
  const auto access = link_->use();
  const tasks::tool_ptr tool = access.engine->tools().find(request.tool);
  if (!tool) throw std::invalid_argument("no such tool: " + request.tool);
  tasks::submission work;
  // Here every tool makes tasks: its policy is for servers.
  work.id = new_task_id(access.engine->clock().now());
  work.owner = request.owner;
  work.tool = tool;
  work.arguments = object_or_throw(request.arguments);
  work.idempotency_key = request.idempotency_key;
  work.retention_given = request.retention.has_value();
  work.retention = request.retention;
  if (tool->accept) work.arguments = tool->accept(work.arguments, {.ignored = {}, .strict = true});
  task_ptr made = created_or_throw(tasks::sync(access.engine->submit(work)));
  if (!made->hidden) return made;
  // A plain call began it: now it is a task.
  const auto retention = access.engine->retention_for(*tool, work.retention_given, work.retention);
  auto shown = tasks::sync(access.engine->reveal(work.owner, made->id(), retention));
  return shown.task ? shown.task : made;
}

task_ptr task_access::create_external(const task_request& request) {
  tasks::external_submission work;
  work.owner = request.owner;
  work.tool = request.tool;
  work.arguments = object_or_throw(request.arguments);
  work.idempotency_key = request.idempotency_key;
  work.retention = request.retention;
  work.overall_limit = request.overall_limit;
  work.answer_within = request.answer_within;
  return created_or_throw(tasks::sync(link_->use().engine->submit_external(work)));
}

task_ptr task_access::get(std::string_view owner, std::string_view id) {
  return tasks::sync(link_->use().engine->get_whole(owner, id));
}

task_access::page task_access::list(std::string_view owner, std::optional<task_status> status,
                                    std::string_view cursor, std::size_t limit) {
  auto found = tasks::sync(link_->use().engine->list(owner, status, cursor, limit));
  if (!found) throw std::invalid_argument("this cursor is not one that a page gave");
  return {std::move(found->tasks), std::move(found->next_cursor)};
}

task_ptr task_access::wait(std::string_view owner, std::string_view id,
                           std::optional<std::chrono::milliseconds> limit) {
  // Longer than anybody waits, and short enough to be added to a time.
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
  using clock = tasks::waiter::clock;
  auto deadline = clock::time_point::max();
  if (limit && *limit < longest) {
    deadline = clock::now() + std::max(*limit, std::chrono::milliseconds(0));
  }
  const auto access = link_->use();
  return tasks::sync(wait_until_terminal(access, std::string(owner), std::string(id), deadline));
}

boost::asio::awaitable<task_ptr> task_access::async_wait(std::string owner, std::string id) {
  return wait_until_terminal(link_->follow(), std::move(owner), std::move(id),
                             tasks::waiter::clock::time_point::max());
}

change_reply task_access::answer(std::string_view owner, std::string_view id,
                                 const std::vector<std::pair<std::string, raw_json>>& answers) {
  std::vector<stores::response> responses;
  for (const auto& [key, value] : answers) {
    if (!json::value(value).is(json::kind::object)) {
      throw question_error("the answer \"" + key + "\" is not an object");
    }
    responses.push_back({key, value});
  }
  try {
    return to_reply(tasks::sync(link_->use().engine->answer(owner, id, responses)));
  } catch (const tasks::unfit_answer& e) {
    throw question_error("the answer \"" + e.key() + "\" does not fit: " + e.what());
  }
}

change_reply task_access::cancel(std::string_view owner, std::string_view id,
                                 std::string_view reason) {
  return to_reply(tasks::sync(link_->use().engine->cancel(owner, id, reason)));
}

change_reply task_access::set_retention(std::string_view owner, std::string_view id,
                                        std::optional<milliseconds> retention) {
  return to_reply(tasks::sync(link_->use().engine->set_retention(owner, id, retention)));
}

task_access::page task_access::external(std::string_view tool, std::string_view cursor,
                                        std::size_t limit) {
  std::string_view after;
  if (!cursor.empty()) {
    // Ids of the engine's store in memory, which the cursors of `list` never have, are longer.
    const auto mark = stores::cursor_mark.size();
    after = cursor.substr(std::min(mark, cursor.size()));
    if (!cursor.starts_with(stores::cursor_mark) ||
        !is_task_id(after.substr(after.size() > task_id_length ? 1 : 0))) {
      throw std::invalid_argument("this cursor is not one that a page gave");
    }
  }
  limit = std::clamp<std::size_t>(limit, 1, std::size_t{1} << 30);
  page result;
  // One more: is there a next page?
  result.tasks = tasks::sync(link_->use().engine->external(tool, after, limit + 1));
  if (result.tasks.size() > limit) {
    result.tasks.resize(limit);
    result.next_cursor = stores::make_cursor(result.tasks.back()->id());
  }
  return result;
}

change_reply task_access::report(std::string_view id, std::string_view token,
                                 progress_state progress, std::string_view message) {
  stores::report_change change;
  change.progress = progress;
  if (!message.empty()) change.status_message = std::string(message);
  return to_reply(tasks::sync(link_->use().engine->report(id, {0, token}, change)));
}

change_reply task_access::ask(std::string_view id, std::string_view token,
                              const named_questions& questions) {
  const auto asked = tasks::to_questions(questions);
  return to_reply(tasks::sync(link_->use().engine->ask(id, {0, token}, asked)));
}

change_reply task_access::complete(std::string_view id, std::string_view token,
                                   const outcome& result) {
  return to_reply(tasks::sync(link_->use().engine->finish(id, {0, token}, result, {})));
}

change_reply task_access::fail(std::string_view id, std::string_view token, int code,
                               std::string_view message) {
  const outcome failed = outcome::protocol_error(code, message);
  return to_reply(tasks::sync(link_->use().engine->finish(id, {0, token}, failed, message)));
}

bool task_access::pause(std::string_view tool) {
  return tasks::sync(link_->use().engine->operations().pause(tool));
}

bool task_access::resume(std::string_view tool) {
  return tasks::sync(link_->use().engine->operations().resume(tool));
}

std::map<std::string, timestamp, std::less<>> task_access::paused() {
  return tasks::sync(link_->use().engine->operations().paused());
}

task_ptr task_access::retry(std::string_view owner, std::string_view id) {
  return created_or_throw(tasks::sync(link_->use().engine->operations().retry(owner, id)));
}

std::string task_access::why_it_waits(const task_ptr& task) {
  return tasks::sync(link_->use().engine->waits().exactly(task));
}

task_access::watch_handle task_access::watch(std::string_view id,
                                             std::function<void(const task_ptr&)> on_change) {
  auto result = std::make_shared<watch_state>();
  result->who = std::make_shared<watcher>(std::move(on_change));
  result->following = link_->use().engine->follow(std::string(id), result->who);
  return result;
}

}  // namespace longhaul
