// SPDX-License-Identifier: Apache-2.0
#include "client/call_driver.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/random.hpp"
#include "client/back_off.hpp"
#include "client/capabilities.hpp"
#include "client/mirrored.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"
#include "longhaul/error_codes.hpp"
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
      pause_(server_->context()) {}

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
  waiting_.fire();
}

// Ends a pause: there is something to see.
void call_driver::look_soon() {
  woken_ = true;
  resting_.fire();
}

void call_driver::end(std::optional<call_outcome> outcome, std::exception_ptr failed) {
  std::vector<sleeper> all;
  deadline_.cancel();
  fetching_end_.fire();
  for (auto& [key, source] : open_questions_) source.request_stop();
  {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    failed_ = std::move(failed);
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
  std::exception_ptr failed;
  try {
    outcome = co_await work();
  } catch (...) {
    failed = std::current_exception();
  }
  const auto task = handle();
  if (task) server_->unfollow(task->id, this);
  end(std::move(outcome), failed);
}

awaitable<call_outcome> call_driver::work() {
  if (handle()) {
    co_await server_->connect();
    server_->follow(handle()->id, shared_from_this());
    co_return co_await follow();
  }
  co_return co_await call_tool();
}

// --- the call itself

// Before 2026-07-28 whoever calls says that he wants a task, where the tool has that.
awaitable<raw_json> call_driver::first_params(asking& how) {
  const server_facts facts = co_await server_->connect();
  std::string text;
  json::object o(text);
  o.string("name", tool_).raw("arguments", arguments_);
  how.tasks = options_.tasks && server_->stateless();
  how.meta.emplace_back(
      "longhaul.dev/idempotency-key",
      remote::quoted(options_.idempotency_key.empty() ? random_token() : options_.idempotency_key));
  if (options_.tasks && facts.tasks && !server_->stateless()) {
    const raw_json tool = co_await server_->tool(tool_, false);
    const auto support = json::value(tool)["execution"]["taskSupport"].string();
    if (support == "optional" || support == "required") {
      json::object task(o.key("task"));
      if (options_.ttl) task.integer("ttl", options_.ttl->count());
      task.close();
    }
  }
  o.close();
  co_return raw_json::trusted(text);
}

awaitable<raw_json> call_driver::ask_for_call(const raw_json& params, asking how) {
  std::optional<client_error> mismatch;
  try {
    co_return co_await server_->request("tools/call", params, how, waiting_);
  } catch (const client_error& e) {
    const bool headers = server_->stateless() && e.why() == kind::refused &&
                         e.code() == protocol::code::header_mismatch;
    if (!headers) throw;
    mismatch = e;
  }
  // The tool wants arguments in headers as well: how, its schema says.
  const raw_json tool = co_await server_->tool(tool_, true);
  how.headers = mirrored_headers(tool, arguments_);
  if (how.headers.empty()) throw client_error(*mismatch);
  co_return co_await server_->request("tools/call", params, how, waiting_);
}

bool call_driver::leaves() const {
  const std::lock_guard lock(mutex_);
  return wish_ != wish::none || late_;
}

// What it means that a plain call was given up; null: nothing of ours.
std::optional<call_outcome> call_driver::plain_end(const client_error& e) {
  if (e.why() != kind::left) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (wish_ == wish::cancel || wish_ == wish::detach) {
    call_outcome end;
    end.status = task_status::cancelled;
    end.message = "cancelled by its caller";
    return end;
  }
  if (late_) throw client_error(kind::time_limit, "the time for " + tool_ + " is over");
  return std::nullopt;
}

awaitable<call_outcome> call_driver::call_tool() {
  asking how;
  how.who = shared_from_this();
  how.waits = true;
  raw_json params = co_await first_params(how);
  for (int round = 0; round < tunables::question_rounds; ++round) {
    raw_json result;
    std::optional<call_outcome> ended;
    try {
      result = co_await ask_for_call(params, how);
    } catch (const client_error& e) {
      ended = plain_end(e);
      if (!ended) throw;
    }
    if (ended) co_return *std::move(ended);
    const json::value view(result);
    const auto type = view["resultType"].string();
    const bool asks = server_->stateless() && type == "input_required";
    const json::value made = server_->stateless() ? view : view["task"];
    const bool is_task = server_->stateless() ? type == "task" : !view["content"] && bool(made);
    if (is_task) {
      const auto task = read_task(made);
      if (!task) {
        throw client_error(kind::broken, server_->name() +
                                             " made a task that has no id or no "
                                             "status: " +
                                             shown(result.view()));
      }
      become_task(*task);
      co_return co_await follow();
    }
    if (!asks) {
      call_outcome end;
      end.result = tool_reply(std::move(result));
      co_return end;
    }
    std::vector<asked_question> left;
    const auto answers = co_await answers_to(read_questions(view["inputRequests"]), left);
    if (!answers) {
      call_outcome end;
      end.status = task_status::input_required;
      end.questions = std::move(left);
      co_return end;
    }
    member_list again = {{"name", remote::quoted(tool_)},
                         {"arguments", std::string(arguments_.view())},
                         {"inputResponses", std::string(answers->view())}};
    if (view["requestState"]) {
      again.emplace_back("requestState", std::string(view["requestState"].raw()));
    }
    params = with_members({}, again);
  }
  throw client_error(kind::broken, tool_ + " asks on and on");
}

}  // namespace longhaul
