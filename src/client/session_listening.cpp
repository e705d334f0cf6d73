// SPDX-License-Identifier: Apache-2.0
// Tasks that are followed, and the one stream that tells of them and of what else changes.
#include "client/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/back_off.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"
#include "protocol/jsonrpc.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;
using kind = client_error::kind;
using protocol::revision;

void session::follow(const std::string& task, const std::shared_ptr<follower>& who) {
  tasks_.emplace(task, who);
  for (auto& [id, open] : questions_) {
    const bool nobodys = open.who.expired() || open.left;
    if (open.question.task != task || !nobodys) continue;
    open.who = who;
    open.left = false;
    who->asked(open.question, open.answer);
  }
  if (tasks_.size() <= tunables::listened_tasks) listen_later();
}

void session::unfollow(const std::string& task, const follower* who) {
  for (auto& [id, open] : questions_) {
    if (open.who.lock().get() == who) open.left = true;
  }
  const auto [first, last] = tasks_.equal_range(task);
  for (auto each = first; each != last; ++each) {
    const auto one = each->second.lock();
    if (one && one.get() != who) continue;
    tasks_.erase(each);
    break;
  }
  if (!has_to_listen()) listen_end_.fire();
}

// One stream tells of all of them: it is opened anew when there are more.
void session::listen_later() {
  if (!stateless() || cannot_listen_ || closed_ || !has_to_listen()) return;
  listen_end_.fire();
  if (std::exchange(listens_, true)) return;
  const auto self = shared_from_this();
  asio::co_spawn(context_, [self]() { return self->listen(); }, asio::detached);
}

raw_json session::what_to_hear() const {
  const auto strings = [](const std::set<std::string>& all) {
    std::string text = "[";
    for (const std::string& one : all) text += (text.size() > 1 ? "," : "") + remote::quoted(one);
    return text + "]";
  };
  std::set<std::string> ids;
  for (const auto& [id, who] : tasks_) {
    if (ids.size() < tunables::listened_tasks) ids.insert(id);
  }
  std::string text;
  json::object o(text);
  json::object wanted(o.key("notifications"));
  if (!ids.empty()) wanted.raw("taskIds", strings(ids));
  if (!watched_.empty()) wanted.raw("resourceSubscriptions", strings(watched_));
  for (const char* const list :
       {"toolsListChanged", "promptsListChanged", "resourcesListChanged"}) {
    wanted.boolean(list, true);
  }
  wanted.close();
  o.close();
  return raw_json::trusted(std::move(text));
}

awaitable<void> session::listen() {
  const auto self = shared_from_this();
  back_off pause(context_);
  asking how;
  how.tasks = how.waits = true;
  while (has_to_listen() && !cannot_listen_ && !closed_) {
    listened_.clear();
    listen_timer_.expires_after(tunables::gather_tasks);
    boost::system::error_code woken;
    co_await listen_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!has_to_listen() || closed_) break;
    const raw_json params = what_to_hear();
    asked_for_ = watched_;
    bool again = false;
    try {
      listen_id_ = std::to_string(next_);
      co_await ask_once("subscriptions/listen", params, how, listen_end_);
      again = true;
    } catch (const client_error& e) {
      if (e.why() == kind::refused || e.why() == kind::broken) cannot_listen_ = true;
      if (cannot_listen_) answered_.cancel();
      again = e.why() != kind::left;
    }
    listened_.clear();
    if (!again || cannot_listen_) continue;
    try {
      co_await pause.wait(listen_end_, std::nullopt);
    } catch (const client_error&) {  // NOLINT(bugprone-empty-catch): there is another task
    }
  }
  listened_.clear();
  listens_ = false;
  answered_.cancel();
}

}  // namespace longhaul::remote
