// SPDX-License-Identifier: Apache-2.0
// What a server says without being asked: whom it concerns.
#include "client/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "client/capabilities.hpp"
#include "client/tunables.hpp"
#include "json/write.hpp"

namespace longhaul::remote {

namespace asio = boost::asio;

namespace {

bool speaks_modern(json::value versions) {
  for (json::elements each(versions); each.next();) {
    if (each.value().equals(protocol::modern_version)) return true;
  }
  return false;
}

}  // namespace

void session::hear(const raw_json& message, const std::string& asked) {
  const json::value view(message);
  const auto method = view["method"].string();
  if (!method) {  // a reply to what was given up
    const bool late = !discover_id_.empty() && view["id"].raw() == discover_id_;
    is_slow_ = is_slow_ || (late && speaks_modern(view["result"]["supportedVersions"]));
    return;
  }
  if (view["id"]) {
    hear_request(view, asked);
  } else {
    hear_notification(*method, view["params"], asked);
  }
}

std::shared_ptr<follower> session::owner_of(json::value params, const std::string& asked) const {
  const auto task = params["_meta"]["io.modelcontextprotocol/related-task"]["taskId"].string();
  if (task) {
    const auto [first, last] = tasks_.equal_range(*task);
    for (auto each = first; each != last; ++each) {
      if (auto who = each->second.lock()) return who;
    }
    return nullptr;
  }
  const auto at = open_.find(asked);
  if (at != open_.end()) return at->second.who.lock();
  // On a pipe nothing says which call it belongs to; if there is but one, to that.
  std::shared_ptr<follower> only;
  for (const auto& [id, one] : open_) {
    const auto who = one.who.lock();
    if (!who) continue;
    if (only && only != who) return nullptr;
    only = who;
  }
  return only;
}

void session::answer(const std::string& id, const answer_text& text) {
  outgoing message;
  json::object o(message.body);
  o.string("jsonrpc", "2.0").raw("id", id);
  o.raw(text.error.empty() ? "result" : "error", text.error.empty() ? text.result : text.error);
  o.close();
  message.headers.emplace_back("MCP-Protocol-Version", to_string(version_));
  const auto self = shared_from_this();
  asio::co_spawn(context_, [self, message]() { return self->post(message); }, asio::detached);
}

// To nobody, if it was taken back, was answered, or was asked in a session that is over.
void session::answer_question(const std::string& id, std::uint64_t asked_in,
                              const answer_text& text) {
  if (asked_in == session_number_ && questions_.erase(id) != 0) answer(id, text);
}

void session::forget_questions() {
  for (auto& [id, each] : questions_) {
    each.withdrawn.request_stop();
    if (const auto who = each.who.lock()) who->withdrawn(id);
  }
  questions_.clear();
}

void session::hear_request(json::value message, const std::string& asked) {
  const std::string method = message["method"].string().value_or("");
  const std::string id(message["id"].raw());
  if (stateless()) return;  // there, servers ask nothing by themselves
  if (method == "ping") return answer(id, {"{}", {}});
  const bool is_question = method == "elicitation/create" || method == "roots/list" ||
                           method == "sampling/createMessage";
  if (!is_question) {
    return answer(id, {{}, R"({"code":-32601,"message":"this client has no such method"})"});
  }
  asked_question question;
  question.key = id;
  question.method = method;
  question.params = or_empty_object(copy_of(message["params"]));
  const json::value params(question.params);
  question.task =
      params["_meta"]["io.modelcontextprotocol/related-task"]["taskId"].string().value_or("");
  const auto answering = [weak = weak_from_this(), id,
                          session = session_number_](const answer_text& text) {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->context_,
               [self, id, session, text] { self->answer_question(id, session, text); });
  };
  const auto owner = owner_of(params, asked);
  open_question open{question, answering, owner};
  question.withdrawn = open.withdrawn.get_token();
  questions_[id] = std::move(open);
  if (owner) return owner->asked(std::move(question), answering);
  ask_client(std::move(question), answering);
}

void session::ask_client(asked_question question, const follower::answerer& answer) {
  calls_back().post([handler = options_.on_question, question = std::move(question), answer] {
    const auto reply = ask_safely(handler, question);
    // That of a task is kept for whoever follows it, here or elsewhere.
    if (reply || question.task.empty()) answer(answer_of(question, reply));
  });
}

void session::hear_notification(std::string_view method, json::value params,
                                const std::string& asked) {
  if (method == "notifications/progress") {
    const auto at = open_.find(std::string(params["progressToken"].raw()));
    const auto who = at == open_.end() ? owner_of(params, asked) : at->second.who.lock();
    if (who) who->progressed(params);
  } else if (method == "notifications/tasks" || method == "notifications/tasks/status") {
    const auto id = params["taskId"].string().value_or("");
    const auto [first, last] = tasks_.equal_range(id);
    std::vector<std::shared_ptr<follower>> all;
    for (auto each = first; each != last; ++each) all.push_back(each->second.lock());
    for (const auto& each : all) {
      if (each) each->task_changed(params);
    }
  } else if (method == "notifications/subscriptions/acknowledged") {
    if (asked != listen_id_ && !asked.empty()) return;
    for (json::elements each(params["notifications"]["taskIds"]); each.next();) {
      if (auto id = each.value().string()) listened_.insert(*std::move(id));
    }
    hear_granted(params["notifications"]["resourceSubscriptions"]);
  } else if (method == "notifications/cancelled") {
    const std::string id(params["requestId"].raw());
    const auto at = questions_.find(id);
    if (at == questions_.end()) return;
    at->second.withdrawn.request_stop();
    const auto who = at->second.who.lock();
    questions_.erase(at);
    if (who) who->withdrawn(id);
  } else if (method == "notifications/tools/list_changed") {
    tools_.reset();
    tell_notification(method, params);
  } else if (method == "notifications/message" && options_.on_log) {
    calls_back().post_or_drop(
        [handler = options_.on_log, said = copy_of(params)] { handler(said); },
        tunables::words_behind);
  } else if (method != "notifications/message") {
    tell_notification(method, params);
  }
}

}  // namespace longhaul::remote
