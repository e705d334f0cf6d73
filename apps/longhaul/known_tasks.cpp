// SPDX-License-Identifier: Apache-2.0
#include "known_tasks.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "client/task_view.hpp"
#include "following.hpp"
#include "json/view.hpp"

namespace longhaul {
namespace {

using terminal::handle;

// One that was started elsewhere: its whole id is all that is known. No program is started for it,
// which would not know the task of another one.
handle task_elsewhere(const tasks_command& command, seat& at, const std::string& id) {
  const remote_server server = open_server(command.remote, at);
  if (server.is_program) return open_book().find(id, command.remote.server);
  task_handle task;
  task.id = id;
  task.version = server.connection->connect().version;
  return remembered(task, server);
}

constexpr std::string_view shield = "id:";
constexpr std::size_t least_beginning = 8;  // as ids are shown

bool is_beginning(const std::string& word, const std::vector<handle>& all) {
  return word == "last" ||
         std::ranges::any_of(all, [&](const handle& each) { return each.id.starts_with(word); });
}

std::vector<handle> remembered_tasks() {
  try {
    return open_book().all();
  } catch (const std::exception&) {  // the command itself says why
    return {};
  }
}

}  // namespace

std::vector<std::string> with_shielded_ids(const std::vector<std::string>& words) {
  std::vector<std::string> result;
  std::vector<handle> all;
  bool options_end = false, known = false;
  for (const std::string& word : words) {
    const bool dash = word.starts_with('-');
    if (word == "--" && !options_end) {
      options_end = true;
      continue;
    }
    if (dash && !options_end && word.size() >= least_beginning && !std::exchange(known, true)) {
      all = remembered_tasks();
    }
    const bool is_id = word.size() >= least_beginning && is_beginning(word, all);
    result.push_back((dash && (options_end || is_id) ? std::string(shield) : "") + word);
  }
  return result;
}

std::vector<handle> wanted_tasks(const tasks_command& command, seat& at, bool all_without_ids) {
  const auto book = open_book();
  std::vector<handle> found;
  if (command.ids.empty() && !all_without_ids) {
    throw std::invalid_argument("which task? Write its id, the beginning of it, or 'last'");
  }
  const std::string& there = command.remote.server;
  std::vector<handle> all = book.all(there);
  const bool forgets = command.action == tasks_command::verb::forget;
  for (const std::string& word : command.ids) {
    const std::string id = word.substr(word.starts_with(shield) ? shield.size() : 0);
    if (id.empty() || there.empty() || forgets || is_beginning(id, all)) {
      found.push_back(book.find(id, there));
    } else {
      found.push_back(task_elsewhere(command, at, id));
    }
  }
  if (!command.ids.empty()) return found;
  for (handle& each : all) {
    const bool over = each.last_status && is_terminal(*each.last_status);
    if (!over) found.push_back(std::move(each));
  }
  return found;
}

std::vector<listed_task> listed_tasks(const tasks_command& command, seat& at,
                                      const std::vector<handle>& known) {
  std::vector<listed_task> found;
  const remote_server server = open_server(command.remote, at);
  if (server.is_program) return found;  // none is started to be asked
  const server_facts facts = server.connection->connect();
  if (!json::value(facts.capabilities)["tasks"]["list"]) return found;
  for (const raw_json& each : server.connection->list("tasks/list", "tasks")) {
    const auto view = remote::read_task(json::value(each));
    const auto is_it = [&](const handle& one) { return one.id == view->id; };
    if (!view || std::ranges::any_of(known, is_it)) continue;
    task_handle task;
    task.id = view->id;
    task.version = facts.version;
    task.created = view->created;
    if (view->ttl) task.expires = view->created + *view->ttl;
    call_outcome now;
    now.status = view->status;
    now.message = view->message;
    found.push_back({remembered(task, server), std::move(now)});
  }
  const auto newer = [](const listed_task& one, const listed_task& other) {
    return one.task.created > other.task.created;
  };
  std::ranges::sort(found, newer);
  return found;
}

}  // namespace longhaul
