// SPDX-License-Identifier: Apache-2.0
// Tasks of a client, in the two shapes that the protocol has had.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"
#include "longhaul/testing/client.hpp"
#include "tasks/sync.hpp"
#include "testing/client_core.hpp"
#include "testing/tunables.hpp"

namespace longhaul::testkit {
namespace {

raw_json with_id(std::string_view id, const member_list& more = {}) {
  member_list members = {{"taskId", quoted(id)}};
  members.insert(members.end(), more.begin(), more.end());
  return with_members({}, members);
}

// What a call that may become a task was answered.
task_state read_created(const result& came) {
  const std::string type =
      came.has("/resultType") ? came.get<std::string>("/resultType") : std::string();
  if (type == "task") return read_task(came.json());
  if (came.has("/task/taskId")) return read_task(came.at("/task"));
  task_state at_once;
  at_once.json = came.json();
  if (type == "input_required") {
    at_once.status = task_status::input_required;
    if (came.has("/inputRequests")) at_once.questions = read_questions(came.at("/inputRequests"));
    return at_once;
  }
  at_once.status = task_status::completed;
  at_once.result = came;
  return at_once;
}

// The revision of the task's state in the store: to wait for the next one.
std::uint64_t state_number(client_core& core, const std::string& id) {
  const task_ptr now = tasks::sync(core.server()->engine().get_any(core.who().owner, id));
  return now ? now->rev : 0;
}

void add_result(client_core& core, task_state& ended) {
  if (core.stateless()) return;
  const auto came = core.request("tasks/result", with_id(ended.id), true);
  if (came) {
    ended.result = *came;
  } else {
    ended.error = came.error();
  }
}

// 2026-07-28. False: there is no callback for any of them.
bool answer_open(client_core& core, const task_state& asking) {
  std::string answers;
  json::object o(answers);
  bool any = false;
  for (const open_question& one : asking.questions) {
    const answering* const callback = core.callback_for(one.method);
    if (callback == nullptr) continue;
    o.raw(one.key, result_of_answer(one.method, (*callback)(one.params)));
    any = true;
  }
  o.close();
  if (!any) return false;
  core.request("tasks/update", with_id(asking.id, {{"inputResponses", answers}}), true).value();
  return true;
}

}  // namespace

reply<task_state> client::begin_task(std::string_view name, const raw_json& arguments,
                                     std::optional<std::chrono::milliseconds> ttl) {
  member_list members = {{"name", quoted(name)}};
  if (arguments) members.emplace_back("arguments", arguments.view());
  if (!core_->stateless() && core_->knows_tasks()) {
    members.emplace_back("task", ttl ? R"({"ttl":)" + std::to_string(ttl->count()) + "}" : "{}");
  }
  const auto came = core_->request("tools/call", with_members({}, members), true);
  if (!came) return came.error();
  return read_created(*came);
}

reply<task_state> client::get_task(std::string_view id) {
  const auto came = core_->request("tasks/get", with_id(id), true);
  if (!came) return came.error();
  task_state state = read_task(came->json());
  if (!core_->stateless()) state.questions = core_->questions_of(id);
  return state;
}

reply<task_state> client::wait_task(std::string_view id) {
  const std::string name(id);
  for (int round = 0; round < tunables::question_rounds;) {
    const std::uint64_t seen = state_number(*core_, name);
    auto came = get_task(name);
    if (!came) return came;
    task_state state = *came;
    if (state.ended()) {
      add_result(*core_, state);
      return state;
    }
    if (!state.questions.empty()) {
      if (!core_->stateless() || !answer_open(*core_, state)) return state;
      ++round;
    }
    const auto server = core_->server();
    const auto moved = [&] {
      core_->take_all();
      return state_number(*core_, name) != seen || !core_->questions_of(name).empty();
    };
    if (!server->wait_until(moved)) {
      throw waited_in_vain("task " + name + " does not end; " + server->state());
    }
  }
  throw waited_in_vain("task " + name + " asks again and again");
}

reply<task_state> client::cancel_task(std::string_view id) {
  const auto came = core_->request("tasks/cancel", with_id(id), true);
  if (!came) return came.error();
  return core_->stateless() ? get_task(id) : reply<task_state>(read_task(came->json()));
}

reply<task_state> client::answer_task(std::string_view id, std::string_view key,
                                      const question_reply& given) {
  if (!core_->stateless()) {
    open_question asked;
    asked.key = key;
    core_->answer(asked, given);
    return get_task(id);
  }
  auto now = get_task(id);
  if (!now) return now;
  const auto asked = std::ranges::find(now->questions, key, &open_question::key);
  if (asked == now->questions.end()) {
    throw std::logic_error("the task does not ask under the key " + std::string(key));
  }
  const std::string answers =
      "{" + quoted(key) + ":" + result_of_answer(asked->method, given) + "}";
  const auto taken =
      core_->request("tasks/update", with_id(id, {{"inputResponses", answers}}), true);
  if (!taken) return taken.error();
  return get_task(id);
}

reply<std::vector<task_state>> client::list_tasks() {
  const auto pages = list("tasks/list", "tasks");
  if (!pages) return pages.error();
  std::vector<task_state> all;
  for (const result& one : *pages) all.push_back(read_task(one.json()));
  return all;
}

}  // namespace longhaul::testkit
