// SPDX-License-Identifier: Apache-2.0
// A call that has become a task: followed to its end.
#include "client/call_driver.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "client/back_off.hpp"
#include "client/tunables.hpp"
#include "longhaul/clock.hpp"
#include "longhaul/error_codes.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul {

namespace asio = boost::asio;
using kind = client_error::kind;
using namespace remote;  // this is its front

namespace {

bool is_connection_trouble(const client_error& e) {
  return e.why() == kind::unreachable || e.why() == kind::lost || e.why() == kind::time_limit;
}

call_outcome failure(int code, std::string message, raw_json data) {
  call_outcome end;
  end.status = task_status::failed;
  end.error_code = code;
  end.message = std::move(message);
  end.error_data = std::move(data);
  return end;
}

}  // namespace

void call_driver::become_task(const task_view& task) {
  task_handle made;
  made.server = server_->name();
  made.id = task.id;
  made.version = protocol::to_string(server_->version());
  made.tool = tool_;
  made.created = task.created == timestamp() ? system_clock().now() : task.created;
  if (task.ttl) made.expires = made.created + *task.ttl;
  {
    const std::lock_guard lock(mutex_);
    handle_ = std::move(made);
    state_.task = task.id;
  }
  server_->follow(task.id, shared_from_this());
  note(task);
  tell();
}

void call_driver::note(const task_view& task) {
  const std::lock_guard lock(mutex_);
  state_.status = task.status;
  state_.message = task.message;
  state_.connected = true;
  if (task.done) state_.done = task.done;
  if (task.total) state_.total = task.total;
  if (handle_ && task.ttl) handle_->expires = handle_->created + *task.ttl;
}

raw_json call_driver::about_task() const {
  return raw_json::trusted("{\"taskId\":" + remote::quoted(handle()->id) + "}");
}

asking call_driver::of_task() const {
  asking how;
  how.tasks = true;
  how.repeatable = true;
  return how;
}

call_outcome call_driver::left_behind() const {
  const std::lock_guard lock(mutex_);
  call_outcome end;
  end.status = task_status::working;
  end.message = state_.message;
  end.task = handle_;
  end.timed_out = late_ && wish_ == wish::none;
  return end;
}

call_outcome call_driver::waits_for(const std::vector<asked_question>& questions) const {
  call_outcome end;
  end.status = task_status::input_required;
  end.message = state().message;
  end.task = handle();
  end.questions = questions;
  return end;
}

awaitable<void> call_driver::send_cancel() {
  if (by_tools_) {
    const member_list no_more;
    const tool_reply reply(co_await use_tool(by_tools_->cancel, no_more, false));
    if (reply.is_error()) throw trouble_of(reply);
  } else {
    const raw_json params = about_task();
    co_await server_->request("tasks/cancel", params, of_task(), waiting_);
  }
}

awaitable<void> call_driver::tell_cancel() {
  try {
    co_await send_cancel();
    cancel_told_ = true;
  } catch (const client_error& e) {
    if (e.why() == kind::left) throw;
    cancel_told_ = !is_connection_trouble(e);  // it has ended already, or is gone: asking tells
  }
}

client_error call_driver::gone(const std::string& why) const {
  return {kind::gone,
          server_->name() + " does not know the task " + handle()->id + " (any more): " + why,
          protocol::code::invalid_params};
}

awaitable<task_view> call_driver::look(bool waits) {
  if (by_tools_) co_return co_await look_by_tool(waits);
  const raw_json params = about_task();
  std::optional<client_error> failed;
  try {
    const raw_json result = co_await server_->request("tasks/get", params, of_task(), waiting_);
    const json::value view(result);
    auto task = read_task(view);
    if (!task && view["task"]) task = read_task(view["task"]);
    if (task) co_return *std::move(task);
    failed.emplace(kind::broken, server_->name() + " answered tasks/get with what is no task: " +
                                     shown(result.view()));
  } catch (const client_error& e) {
    const bool unknown = e.why() == kind::refused && e.code() == protocol::code::invalid_params;
    if (!unknown) throw;
    failed.emplace(gone(e.what()));
  }
  throw client_error(*failed);
}

awaitable<call_outcome> call_driver::look_once() {
  const auto self = shared_from_this();
  co_await server_->ready(waiting_);
  know_tools();
  task_view task = co_await look(false);
  note(task);
  call_outcome seen;
  if (is_terminal(task.status)) {
    seen = co_await end_of(std::move(task));
  } else {
    seen.status = task.status;
    seen.message = task.message;
    seen.questions = task.questions;
  }
  seen.task = handle();
  co_return seen;
}

awaitable<bool> call_driver::cancel_once() {
  const auto self = shared_from_this();
  co_await server_->ready(waiting_);
  know_tools();
  co_await send_cancel();
  co_return true;
}

awaitable<call_outcome> call_driver::follow() {
  back_off pause(server_->context());
  for (;;) {
    if (!unanswered_.empty()) co_return waits_for(unanswered_);
    wish wanted = wish::none;
    bool late = false;
    {
      const std::lock_guard lock(mutex_);
      wanted = wish_;
      late = late_;
    }
    const bool goes = wanted == wish::detach || wanted == wish::leave || late;
    if (goes || server_->closed()) co_return left_behind();
    woken_ = false;
    std::optional<request_error> failed;
    try {
      if (wanted == wish::cancel && !cancel_told_) co_await tell_cancel();
      auto end = co_await look_and_take();
      if (end) co_return *std::move(end);
      pause.reset();
      continue;
    } catch (const client_error& e) {
      failed.emplace(e);
    }
    if (failed->why() == kind::left) continue;  // somebody wishes something
    if (!is_connection_trouble(*failed) && !is_busy(*failed)) throw request_error(*failed);
    co_await unconnected(pause, *failed);
  }
}

// The task goes on meanwhile: asked again after a pause, for ever.
awaitable<void> call_driver::unconnected(back_off& pause, const client_error& why) {
  if (is_connection_trouble(why)) {
    {
      const std::lock_guard lock(mutex_);
      state_.connected = false;
    }
    tell();
  }
  try {
    co_await pause.wait(waiting_, std::nullopt);
  } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): somebody wishes something
  }
}

awaitable<std::optional<call_outcome>> call_driver::look_and_take() {
  const task_view task = co_await look(true);
  auto end = co_await take(task);
  if (!end) co_await rest(task);
  co_return end;
}

// Until the server wants to be asked again, or something has happened.
awaitable<void> call_driver::rest(const task_view& task) {
  if (woken_) co_return;
  milliseconds time = task.poll_interval.value_or(tunables::usual_poll);
  time = std::clamp<milliseconds>(time, tunables::shortest_poll, tunables::longest_poll);
  if (server_->listens(task.id)) time = tunables::poll_beside_listening;
  const milliseconds pause = time + with_jitter(time / 4);  // never sooner than the server wishes
  co_await pause_for(pause_, pause, resting_);
}

awaitable<std::optional<call_outcome>> call_driver::take(task_view task) {
  note(task);
  tell();
  if (is_terminal(task.status)) {
    call_outcome end = co_await end_of(std::move(task));
    end.task = handle();
    co_return end;
  }
  if (task.status != task_status::input_required) co_return std::nullopt;
  if (!by_tools_ && !server_->stateless()) {
    collect_result();
    co_return std::nullopt;
  }
  if (cancel_told_) co_return std::nullopt;  // nobody is asked any more
  const bool all = co_await answer_task(task);
  if (all || !options_.leave_questions) co_return std::nullopt;
  std::vector<asked_question> left;
  for (asked_question& each : task.questions) {
    if (skipped_.contains(each.key)) left.push_back(std::move(each));
  }
  co_return waits_for(left);
}

awaitable<call_outcome> call_driver::end_of(task_view task) {
  call_outcome end;
  end.status = task.status;
  end.message = task.message;
  if (task.status == task_status::cancelled) co_return end;
  if (by_tools_) co_return co_await end_by_tool(std::move(task));
  if (server_->stateless()) {
    const json::value error(task.error);
    if (task.status == task_status::failed) {
      co_return failure(static_cast<int>(error["code"].integer().value_or(0)),
                        error["message"].string().value_or(task.message), copy_of(error["data"]));
    }
    if (!task.result) {
      throw client_error(kind::broken, server_->name() + " answered tasks/get with a task " +
                                           task.id + " that is completed without a result");
    }
    end.result = tool_reply(task.result);
    co_return end;
  }
  // A tool's own error is `failed` in this revision; its result is there all the same.
  if (!fetched_) {
    asking how = of_task();
    const raw_json params = about_task();
    std::optional<call_outcome> failed;
    try {
      fetched_ = co_await server_->request("tasks/result", params, how, waiting_);
    } catch (const client_error& e) {
      if (e.why() != kind::refused) throw;
      const request_error whole(e);
      failed = failure(e.code(), whole.said.empty() ? e.what() : whole.said, e.data());
    }
    if (failed) co_return *std::move(failed);
  }
  end.status = task_status::completed;
  end.result = tool_reply(*fetched_);
  co_return end;
}

// In a session questions come as requests, to whoever waits for the result.
void call_driver::collect_result() {
  if (std::exchange(fetching_, true)) return;
  const auto self = shared_from_this();
  asio::co_spawn(server_->context(), [self]() { return self->fetch_result(); }, asio::detached);
}

// Holds the stream on which a session asks; what it brings at the end is the result.
awaitable<void> call_driver::fetch_result() {
  const auto self = shared_from_this();
  asking how = of_task();
  how.who = self;
  how.waits = true;
  const raw_json params = about_task();
  try {
    fetched_ = co_await server_->request("tasks/result", params, how, fetching_end_);
    look_soon();
  } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): look() tells what became of it
  }
  fetching_ = false;
}

}  // namespace longhaul
