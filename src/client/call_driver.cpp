// SPDX-License-Identifier: Apache-2.0
#include "client/call_driver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/random.hpp"
#include "client/told.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul {

namespace asio = boost::asio;
using kind = client_error::kind;
using namespace remote;  // this is its front

call_driver::call_driver(std::shared_ptr<session> server, std::string tool, raw_json arguments,
                         call_options options)
    : server_(std::move(server)),
      tool_(std::move(tool)),
      arguments_(or_empty_object(std::move(arguments))),
      options_(std::move(options)),
      deadline_(server_->context()),
      pause_(server_->context()),
      grace_(server_->context()) {}

call_driver::call_driver(std::shared_ptr<session> server, const task_handle& task,
                         call_options options)
    : call_driver(std::move(server), task.tool, raw_json(), std::move(options)) {
  handle_ = task;
  state_.task = task.id;
}

call_driver::~call_driver() = default;

// --- from any thread

void call_driver::start() {
  const auto self = shared_from_this();
  asio::co_spawn(server_->context(), [self]() { return self->run(); }, asio::detached);
}

call_outcome call_driver::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return over_; });
  if (error_) throw client_error(remote::own_copy(*error_));
  if (failed_) std::rethrow_exception(failed_);
  return *outcome_;
}

asio::awaitable<call_outcome> call_driver::async_wait() {
  const auto self = shared_from_this();
  const auto pass_on = [self](sleeper one) {
    {
      const std::lock_guard lock(self->mutex_);
      if (!self->over_) {
        self->sleepers_.push_back(std::move(one));
        return;
      }
    }
    std::vector<sleeper> now;
    now.push_back(std::move(one));
    wake(std::move(now));
  };
  co_await sleep_until_resumed(pass_on);
  co_return wait();
}

bool call_driver::wait_for(milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return over_; });
}

void call_driver::wait_for_end() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return over_; });
}

bool call_driver::ended() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

call_state call_driver::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<task_handle> call_driver::handle() const {
  const std::lock_guard lock(mutex_);
  return handle_;
}

void call_driver::wish_for(wish wanted) {
  {
    const std::lock_guard lock(mutex_);
    if (over_ || wish_ == wish::leave) return;
    wish_ = wanted;
  }
  asio::post(server_->context(), [self = shared_from_this()] { self->interrupt(); });
}

void call_driver::cancel() { wish_for(wish::cancel); }
void call_driver::detach() { wish_for(wish::detach); }
void call_driver::leave() { wish_for(wish::leave); }

// --- on the io_context

// Ends whatever is waited for: somebody wishes something.
void call_driver::interrupt() {
  look_soon();
  bool is_closed = false;
  {
    const std::lock_guard lock(mutex_);
    is_closed = wish_ == wish::leave;
  }
  if (is_closed) farewell_end_.fire();
  if (is_closed || !may_become_task_) return waiting_.fire();
  give_up_later();
}

// Its server may just be saying that it is a task, which then can be cancelled, or found again.
void call_driver::give_up_later() {
  if (grace_.expiry() != asio::steady_timer::time_point()) return;
  grace_.expires_after(tunables::task_grace);
  grace_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto one = weak.lock();
    if (!error && one && one->may_become_task_) one->waiting_.fire();
  });
}

// Ends a pause: there is something to see.
void call_driver::look_soon() {
  woken_ = true;
  resting_.fire();
}

void call_driver::end() {
  std::vector<sleeper> all;
  deadline_.cancel();
  fetching_end_.fire();
  sent_.reset();
  for (auto& [key, source] : open_questions_) source.request_stop();
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    all = std::move(sleepers_);
    changed_.notify_all();
  }
  wake(std::move(all));
}

awaitable<void> call_driver::run() {
  const auto self = shared_from_this();
  if (options_.time_limit) {
    deadline_.expires_after(*options_.time_limit);
    deadline_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto one = weak.lock();
      if (error || !one) return;
      {
        const std::lock_guard lock(one->mutex_);
        one->late_ = true;
      }
      one->interrupt();
    });
  }
  std::optional<call_outcome> outcome;
  std::optional<client_error> error;
  std::exception_ptr failed;
  try {
    outcome = co_await work();
  } catch (const client_error& e) {
    error.emplace(remote::own_copy(e));
  } catch (...) {
    failed = std::current_exception();
  }
  const auto task = handle();
  if (task) server_->unfollow(task->id, this);
  {
    const std::lock_guard lock(mutex_);  // nobody looks before it is over
    outcome_ = std::move(outcome);
    error_ = std::move(error);
    failed_ = std::move(failed);
  }
  end();
}

awaitable<call_outcome> call_driver::work() {
  std::optional<call_outcome> ended;
  std::optional<request_error> failed;
  try {
    if (!handle()) co_return co_await call_tool();
    co_await server_->ready(waiting_);
    know_tools();
    server_->follow(handle()->id, shared_from_this());
    co_return co_await follow();
  } catch (const client_error& e) {
    if (handle() && e.why() == kind::left && leaves()) ended = left_behind();
    if (!ended) failed.emplace(e);
  }
  if (failed) ended = co_await plain_end(*failed);
  co_return *std::move(ended);
}

// --- the call itself

// Before 2026-07-28 whoever calls says that he wants a task, where the tool has that.
awaitable<raw_json> call_driver::first_params(asking& how) {
  co_await server_->ready(waiting_);
  std::string text;
  json::object o(text);
  o.string("name", tool_).raw("arguments", arguments_);
  how.tasks = options_.tasks && server_->stateless();
  wants_task_ = how.tasks && server_->facts().tasks;
  how.meta.emplace_back(
      protocol::idempotency_key,
      remote::quoted(options_.idempotency_key.empty() ? random_token() : options_.idempotency_key));
  if (options_.tasks && server_->facts().tasks && !server_->stateless()) {
    const raw_json tool = co_await server_->tool(tool_, false, waiting_);
    const auto support = json::value(tool)["execution"]["taskSupport"].string();
    if (support == "optional" || support == "required") {
      wants_task_ = true;
      json::object task(o.key("task"));
      if (options_.ttl) task.integer("ttl", options_.ttl->count());
      task.close();
    }
  }
  o.close();
  co_return raw_json::trusted(text);
}

bool call_driver::leaves() const {
  const std::lock_guard lock(mutex_);
  return wish_ != wish::none || late_;
}

// What it means that a plain call was given up. Throws what else has ended it.
awaitable<call_outcome> call_driver::plain_end(request_error failed) {
  const bool lost = failed.why() == kind::lost;
  if (handle() || !leaves() || (!lost && failed.why() != kind::left)) throw request_error(failed);
  bool told = false;
  if (may_say_farewell()) told = co_await say_farewell();
  if (lost && !told) throw request_error(failed);
  const std::lock_guard lock(mutex_);
  if (wish_ == wish::cancel || wish_ == wish::detach) {
    call_outcome end;
    end.status = task_status::cancelled;
    end.message = "cancelled by its caller";
    co_return end;
  }
  if (late_) throw client_error(kind::time_limit, "the time for " + tool_ + " is over");
  throw request_error(failed);
}

awaitable<call_outcome> call_driver::call_tool() {
  asking how;
  how.who = shared_from_this();
  how.waits = true;
  raw_json params = co_await first_params(how);
  for (int round = 0; round < tunables::question_rounds; ++round) {
    if (leaves()) throw client_error(kind::left, tool_ + " was given up");
    raw_json result = co_await ask_for_call(params, how);
    const json::value view(result);
    const bool flat = server_->stateless();
    const auto type = view["resultType"].string();
    const json::value made = flat ? view : view["task"];
    const bool is_task = flat ? type == "task" : !view["content"] && bool(made);
    if (is_task) {
      const auto task = read_task(made);
      if (!task) {
        throw client_error(kind::broken, server_->name() +
                                             " answered tools/call with a task that has no id or "
                                             "no status: " +
                                             shown(result.view()));
      }
      become_task(*task);
      co_return co_await follow();
    }
    if (auto fallback = read_fallback(view)) {
      by_tools_ = std::move(fallback->tools);
      become_task(fallback->task);
      co_return co_await follow();
    }
    call_outcome end;
    if (!flat || type != "input_required") {
      end.result = tool_reply(std::move(result));
      co_return end;
    }
    auto again = co_await answer_call(view, end.questions);
    if (!again) {
      end.status = task_status::input_required;
      co_return end;
    }
    params = *std::move(again);
  }
  throw client_error(kind::broken, server_->name() + " answered tools/call (" + tool_ +
                                       ") with questions on and on");
}

// The call with the answers; null: some question is not answered here (`left`).
awaitable<std::optional<raw_json>> call_driver::answer_call(json::value asking,
                                                            std::vector<asked_question>& left) {
  const auto questions = read_questions(asking["inputRequests"]);
  const auto answers = co_await answers_to(questions, left);
  if (!answers) co_return std::nullopt;
  member_list again = {{"name", remote::quoted(tool_)},
                       {"arguments", std::string(arguments_.view())},
                       {"inputResponses", std::string(answers->view())}};
  if (asking["requestState"]) {
    again.emplace_back("requestState", std::string(asking["requestState"].raw()));
  }
  co_return with_members({}, again);
}

}  // namespace longhaul
