// SPDX-License-Identifier: Apache-2.0
// Questions of a call, on every path, and what is told on the way.
#include "client/call_driver.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/capabilities.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"

namespace longhaul {

namespace asio = boost::asio;
using kind = client_error::kind;
using namespace remote;  // this is its front

awaitable<std::optional<question_reply>> call_driver::ask(asked_question one) {
  const question_handler& handler =
      options_.on_question ? options_.on_question : server_->options().on_question;
  if (!handler) co_return std::nullopt;
  auto& source = open_questions_[one.key];
  source = std::stop_source();
  one.withdrawn = source.get_token();
  struct given {
    explicit given(asio::io_context& context)
        : done(context, asio::steady_timer::time_point::max()) {}
    asio::steady_timer done;
    std::optional<question_reply> reply;
    bool ready = false;
  };
  const auto box = std::make_shared<given>(server_->context());
  server_->calls_back().post([handler, one, box, context = &server_->context()] {
    auto reply = ask_safely(handler, one);
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
  if (!ready) open_questions_[one.key].request_stop();
  open_questions_.erase(one.key);
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

// False: some question is not answered here. The answers are kept until they have arrived.
awaitable<bool> call_driver::ask_for_task(const task_view& task) {
  bool all = true;
  for (const asked_question& each : task.questions) {
    if (answered_.contains(each.key) || ready_.contains(each.key)) continue;
    if (!skipped_.contains(each.key)) {
      const auto reply = co_await ask(each);
      answer_text given = answer_of(each, reply);
      if (reply && !given.result.empty()) {
        ready_[each.key] = std::move(given.result);
        continue;
      }
      skipped_.insert(each.key);
    }
    all = false;
  }
  co_return all;
}

awaitable<bool> call_driver::answer_task(const task_view& task) {
  const bool all = co_await ask_for_task(task);
  if (ready_.empty()) co_return all;
  if (by_tools_) {
    co_await answer_by_tool();
  } else {
    co_await send_answers(task.id);
  }
  woken_ = true;  // the state has changed by this
  co_return all;
}

awaitable<void> call_driver::send_answers(std::string task) {
  std::string params;
  json::object p(params);
  p.string("taskId", task);
  json::object answers(p.key("inputResponses"));
  for (const auto& [key, text] : ready_) answers.raw(key, text);
  answers.close();
  p.close();
  const raw_json update = raw_json::trusted(params);
  co_await server_->request("tasks/update", update, of_task(), waiting_);
  for (const auto& [key, text] : ready_) answered_.insert(key);
  ready_.clear();
}

void call_driver::asked(asked_question one, answerer answer) {
  const question_handler& handler =
      options_.on_question ? options_.on_question : server_->options().on_question;
  if (by_tools_ && open_questions_.contains(one.key)) return;  // asked again with each look
  std::stop_source source;
  one.withdrawn = source.get_token();
  open_questions_[one.key] = source;
  if (by_tools_) one.task = handle()->id;
  const bool keeps = !one.task.empty();
  server_->calls_back().post([self = shared_from_this(), handler, one, answer, keeps] {
    const auto reply = ask_safely(handler, one);
    const answer_text text = answer_of(one, reply);
    asio::post(self->server_->context(), [self, one, answer, keeps, reply, text] {
      const bool gone = self->open_questions_.erase(one.key) == 0;
      if (gone) return;
      if (reply || !keeps) {
        answer(text);
      } else if (self->options_.leave_questions) {
        // Nobody answers: the task keeps it, and who comes back later is asked again.
        self->unanswered_.push_back(one);
      }
      self->look_soon();
      if (self->by_tools_ && !self->unanswered_.empty()) self->waiting_.fire();
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
    state_.connected = true;
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

// Each change, in order; where the callback is far behind, the newest takes the place of the last.
void call_driver::tell() {
  if (!options_.on_change) return;
  bool is_more = false;
  {
    const std::lock_guard lock(mutex_);
    if (told_ == state_) return;
    told_ = state_;
    is_more = to_tell_.size() < tunables::states_behind;
    if (!is_more) to_tell_.pop_back();
    to_tell_.push_back(state_);
  }
  if (!is_more) return;
  server_->calls_back().post([self = shared_from_this()] {
    std::unique_lock lock(self->mutex_);
    const call_state next = std::move(self->to_tell_.front());
    self->to_tell_.pop_front();
    lock.unlock();
    self->options_.on_change(next);
  });
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
