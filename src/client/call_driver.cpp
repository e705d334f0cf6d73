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

namespace {

bool is_connection_trouble(const client_error& e) {
  return e.why() == kind::unreachable || e.why() == kind::lost || e.why() == kind::time_limit;
}

// "Later, please": ours say so with a time.
bool is_busy(const client_error& e) {
  return e.why() == kind::refused && e.code() == error_codes::busy;
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

void call_driver::wish_for(wish what) {
  {
    const std::lock_guard lock(mutex_);
    if (over_ || wish_ == wish::leave) return;
    wish_ = what;
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

// --- a task

void call_driver::become_task(const task_view& task) {
  task_handle made;
  made.server = server_->name();
  made.id = task.id;
  made.version = protocol::to_string(server_->version());
  made.tool = tool_;
  made.created = task.created;
  if (task.ttl) made.expires = task.created + *task.ttl;
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
  if (handle_ && task.ttl) handle_->expires = task.created + *task.ttl;
}

void call_driver::tell() {
  if (!options_.on_change) return;
  server_->calls_back().post([handler = options_.on_change, now = state()] { handler(now); });
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

awaitable<void> call_driver::tell_cancel() {
  try {
    const raw_json params = about_task();
    co_await server_->request("tasks/cancel", params, of_task(), waiting_);
    cancel_told_ = true;
  } catch (const client_error& e) {
    if (e.why() == kind::left) throw;
    cancel_told_ = !is_connection_trouble(e);  // it has ended already, or is gone: asking tells
  }
}

// Null: nobody answered; it is asked again after a pause.
awaitable<std::optional<task_view>> call_driver::look() {
  const raw_json params = about_task();
  try {
    const raw_json result = co_await server_->request("tasks/get", params, of_task(), waiting_);
    auto task = read_task(json::value(result));
    if (!task && json::value(result)["task"]) task = read_task(json::value(result)["task"]);
    if (!task) {
      throw client_error(kind::broken, server_->name() +
                                           " answered tasks/get with what is no "
                                           "task: " +
                                           shown(result.view()));
    }
    co_return task;
  } catch (const client_error& e) {
    if (e.why() == kind::refused && e.code() == protocol::code::invalid_params) {
      throw client_error(
          kind::gone,
          server_->name() + " does not know the task " + handle()->id + " (any more): " + e.what(),
          e.code());
    }
    if (!is_connection_trouble(e) && !is_busy(e)) throw;
  }
  co_return std::nullopt;
}

awaitable<call_outcome> call_driver::look_once() {
  const auto self = shared_from_this();
  co_await server_->connect();
  auto task = co_await look();
  if (!task) {
    throw client_error(kind::unreachable, server_->name() + " does not answer now");
  }
  note(*task);
  call_outcome seen;
  if (is_terminal(task->status)) {
    seen = co_await end_of(std::move(*task));
  } else {
    seen.status = task->status;
    seen.message = task->message;
    seen.questions = task->questions;
  }
  seen.task = handle();
  co_return seen;
}

awaitable<call_outcome> call_driver::follow() {
  back_off pause(server_->context());
  for (;;) {
    wish wanted = wish::none;
    bool late = false;
    {
      const std::lock_guard lock(mutex_);
      wanted = wish_;
      late = late_;
    }
    if (wanted == wish::detach || wanted == wish::leave || late) co_return left_behind();
    if (!unanswered_.empty()) co_return waits_for(unanswered_);
    woken_ = false;
    bool again = false;
    try {
      if (wanted == wish::cancel && !cancel_told_) co_await tell_cancel();
      auto task = co_await look();
      if (task) {
        pause.reset();
        const task_view seen = *task;
        auto end = co_await take(std::move(*task));
        if (end) co_return *std::move(end);
        co_await rest(seen);
      } else {
        {
          const std::lock_guard lock(mutex_);
          again = std::exchange(state_.connected, false);
        }
        if (again) tell();
        co_await pause.wait(waiting_, std::nullopt);
      }
    } catch (const client_error& e) {
      if (e.why() != kind::left) throw;  // else somebody wishes something
    }
  }
}

// Until the server wants to be asked again, or something has happened.
awaitable<void> call_driver::rest(const task_view& task) {
  if (woken_) co_return;
  milliseconds time = task.poll_interval.value_or(tunables::usual_poll);
  time = std::clamp<milliseconds>(time, tunables::shortest_poll, tunables::longest_poll);
  if (server_->listens()) time = tunables::poll_beside_listening;
  const milliseconds pause = with_jitter(time);
  co_await sleep_for(pause_, pause, resting_);
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
  if (!server_->stateless()) {
    // They come as requests, to whoever waits for the result.
    if (!fetching_) {
      fetching_ = true;
      const auto self = shared_from_this();
      asio::co_spawn(server_->context(), [self]() { return self->fetch_result(); }, asio::detached);
    }
    co_return std::nullopt;
  }
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
  if (server_->stateless()) {
    const json::value error(task.error);
    if (task.status == task_status::failed) {
      co_return failure(static_cast<int>(error["code"].integer().value_or(0)),
                        error["message"].string().value_or(task.message), copy_of(error["data"]));
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
      failed = failure(e.code(), e.what(), e.data());
    }
    if (failed) co_return *std::move(failed);
  }
  end.status = task_status::completed;
  end.result = tool_reply(*fetched_);
  co_return end;
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
  } catch (const client_error&) {  // asking for the task tells what became of it
  }
  fetching_ = false;
  look_soon();
}

// --- questions

awaitable<std::optional<question_reply>> call_driver::ask(asked_question question) {
  const question_handler& handler =
      options_.on_question ? options_.on_question : server_->options().on_question;
  if (!handler) co_return std::nullopt;
  auto& source = open_questions_[question.key];
  source = std::stop_source();
  question.withdrawn = source.get_token();
  struct given {
    explicit given(asio::io_context& context)
        : done(context, asio::steady_timer::time_point::max()) {}
    asio::steady_timer done;
    std::optional<question_reply> reply;
    bool ready = false;
  };
  const auto box = std::make_shared<given>(server_->context());
  server_->calls_back().post([handler, question, box, context = &server_->context()] {
    auto reply = ask_safely(handler, question);
    asio::post(*context, [box, reply = std::move(reply)] {
      box->reply = reply;
      box->ready = true;
      box->done.cancel();
    });
  });
  waiting_.set([box] { box->done.cancel(); });
  boost::system::error_code woken;
  while (!box->ready && !leaves()) {
    co_await box->done.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  waiting_.clear();
  const bool ready = box->ready;
  if (!ready) open_questions_[question.key].request_stop();
  open_questions_.erase(question.key);
  if (!ready) throw client_error(kind::left, "nobody waits for the answer");
  co_return box->reply;
}

// The answers as one object; null: some are not answered here (`left`), and none is sent.
awaitable<std::optional<raw_json>> call_driver::answers_to(const std::vector<asked_question>& all,
                                                           std::vector<asked_question>& left) {
  std::string text;
  json::object o(text);
  for (const asked_question& each : all) {
    const auto reply = co_await ask(each);
    const answer_text given = answer_of(each, reply);
    if (!reply || given.result.empty()) {
      left.push_back(each);
    } else {
      o.raw(each.key, given.result);
    }
  }
  o.close();
  if (!left.empty()) co_return std::nullopt;
  co_return raw_json::trusted(text);
}

// False: some question is not answered here.
awaitable<bool> call_driver::answer_task(const task_view& task) {
  std::string text;
  json::object o(text);
  std::vector<std::string> keys;
  bool all = true;
  for (const asked_question& each : task.questions) {
    if (answered_.contains(each.key)) continue;
    if (skipped_.contains(each.key)) {
      all = false;
      continue;
    }
    const auto reply = co_await ask(each);
    const answer_text given = answer_of(each, reply);
    if (!reply || given.result.empty()) {
      skipped_.insert(each.key);
      all = false;
      continue;
    }
    o.raw(each.key, given.result);
    keys.push_back(each.key);
  }
  o.close();
  if (keys.empty()) co_return all;
  std::string params;
  json::object p(params);
  p.string("taskId", task.id).raw("inputResponses", text).close();
  const raw_json update = raw_json::trusted(params);
  co_await server_->request("tasks/update", update, of_task(), waiting_);
  for (std::string& key : keys) answered_.insert(std::move(key));
  woken_ = true;  // the state has changed by this
  co_return all;
}

void call_driver::asked(asked_question question, answerer answer) {
  const question_handler& handler =
      options_.on_question ? options_.on_question : server_->options().on_question;
  std::stop_source source;
  question.withdrawn = source.get_token();
  open_questions_[question.key] = source;
  const bool keeps = !question.task.empty();
  server_->calls_back().post([self = shared_from_this(), handler, question, answer, keeps] {
    const auto reply = ask_safely(handler, question);
    asio::post(self->server_->context(), [self, question, answer, keeps, reply] {
      const bool gone = self->open_questions_.erase(question.key) == 0;
      if (gone) return;
      if (!reply && keeps && self->options_.leave_questions) {
        // Nobody answers: the task keeps it, and who comes back later is asked again.
        self->unanswered_.push_back(question);
        return self->look_soon();
      }
      answer(answer_of(question, reply));
      self->look_soon();
    });
  });
}

void call_driver::withdrawn(const std::string& key) {
  const auto found = open_questions_.find(key);
  if (found == open_questions_.end()) return;
  found->second.request_stop();
  open_questions_.erase(found);
}

// --- what is told

void call_driver::progressed(json::value params) {
  {
    const std::lock_guard lock(mutex_);
    state_.done = params["progress"].number();
    if (const auto total = params["total"].number()) state_.total = total;
    if (const auto message = params["message"].string()) state_.message = *message;
  }
  tell();
}

void call_driver::task_changed(json::value task) {
  if (const auto seen = read_task(task)) {
    const bool news = seen->status != state().status || is_terminal(seen->status);
    note(*seen);
    if (!news) return tell();
  }
  look_soon();
}

namespace remote {

awaitable<bool> answer_task(std::shared_ptr<session> server, task_handle task, std::string key,
                            question_reply given) {
  co_await server->connect();
  if (!server->stateless()) {
    throw client_error(kind::refused, server->name() + " speaks " +
                                          std::string(protocol::to_string(server->version())) +
                                          ": its questions come to whoever follows the task");
  }
  const raw_json about = raw_json::trusted("{\"taskId\":" + remote::quoted(task.id) + "}");
  asking how;
  how.tasks = how.repeatable = true;
  interruption nobody;
  const raw_json now = co_await server->request("tasks/get", about, how, nobody);
  const json::value open = json::value(now)["inputRequests"][key];
  if (!open) {
    throw client_error(kind::refused, "the task asks nothing under the key '" + key + "' now");
  }
  asked_question question;
  question.key = key;
  question.method = open["method"].string().value_or("");
  const answer_text text = answer_of(question, given);
  if (text.result.empty()) {
    throw client_error(kind::refused,
                       "a question of this kind cannot be refused for a task: "
                       "cancel the task instead");
  }
  std::string params;
  json::object o(params);
  o.string("taskId", task.id);
  json::object answers(o.key("inputResponses"));
  answers.raw(key, text.result).close();
  o.close();
  const raw_json update = raw_json::trusted(params);
  co_await server->request("tasks/update", update, how, nobody);
  co_return true;
}

}  // namespace remote
}  // namespace longhaul
