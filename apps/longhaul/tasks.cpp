// SPDX-License-Identifier: Apache-2.0
#include "tasks.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>

#include "call.hpp"
#include "exit_codes.hpp"
#include "following.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "known_tasks.hpp"
#include "protocol/era.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/progress_view.hpp"
#include "terminal/prompt.hpp"
#include "terminal/table.hpp"

namespace longhaul {
namespace {

using terminal::handle;

// One client for each server, whatever is asked of it.
class open_servers {
 public:
  open_servers(const remote_options& options, seat& at) : options_(options), at_(at) {}

  const remote_server& server_of(const handle& task) {
    const std::string key = std::string(task.server_spec.view()) + task.era;
    const auto found = open_.find(key);
    if (found != open_.end()) return found->second;
    return open_.emplace(key, open_server(task, options_, at_)).first->second;
  }

 private:
  const remote_options& options_;
  seat& at_;
  std::map<std::string, remote_server> open_;
};

bool is_program(const handle& task) { return !json::value(task.server_spec)["url"]; }

// --- the list

struct row {
  handle task;
  std::optional<call_outcome> now = std::nullopt;
  std::string trouble = {};
  bool elsewhere = false;  // started there: only its whole id names it
};

row look_at(const handle& task, open_servers& servers) {
  row result{task};
  const bool over = task.last_status && is_terminal(*task.last_status);
  // To look, no program is started: it would not know the task of another one.
  if (over || is_program(task)) return result;
  try {
    result.now = servers.server_of(task).connection->look(handle_of(task));
    if (is_terminal(result.now->status)) note_end(task.id, task.server, result.now->status);
  } catch (const client_error& e) {
    result.trouble = e.why() == client_error::kind::gone ? "not known there any more"
                                                         : "the server does not answer";
    if (e.why() == client_error::kind::gone) open_book().forget(task.id, task.server);
  } catch (const std::exception& e) {
    result.trouble = e.what();
  }
  return result;
}

// What was started elsewhere does not say.
std::string tool_of(const handle& task) { return task.tool.empty() ? "-" : task.tool; }

std::string status_of(const row& one) {
  if (one.now) return std::string(to_string(one.now->status));
  if (one.task.last_status) return std::string(to_string(*one.task.last_status));
  return "?";
}

std::string row_json(const row& one) {
  std::string text;
  json::object o(text);
  o.string("id", one.task.id).string("server", one.task.server).string("tool", one.task.tool);
  o.string("status", status_of(one));
  if (one.now && !one.now->message.empty()) o.string("message", one.now->message);
  if (!one.trouble.empty()) o.string("trouble", one.trouble);
  o.string("created", iso8601(one.task.created));
  if (one.task.expires) o.string("expires", iso8601(*one.task.expires));
  o.close();
  return text;
}

std::string table_of(std::vector<std::vector<std::string>> rows, const terminal::look& looks) {
  std::vector<terminal::table_column> columns = {{"ID"},        {"TOOL"},   {"STATUS"},
                                                 {"AGE", true}, {"SERVER"}, {"MESSAGE"}};
  const auto says_nothing = [](const auto& row) { return row.back().empty(); };
  if (std::ranges::all_of(rows, says_nothing)) {
    columns.pop_back();
    for (auto& row : rows) row.pop_back();
  }
  return terminal::table_text(columns, rows, looks);
}

// Newest first: what was started from here, and what the server that is named lists beside it.
std::vector<row> all_rows(const tasks_command& command, seat& at) {
  const std::vector<handle> all = open_book().all(command.remote.server);
  open_servers servers(command.remote, at);
  std::vector<row> rows;
  for (const handle& each : all) rows.push_back(look_at(each, servers));
  if (command.remote.server.empty()) return rows;
  try {
    for (listed_task& each : listed_tasks(command, at, all)) {
      rows.push_back({std::move(each.task), std::move(each.now), {}, true});
    }
  } catch (const client_error&) {
    if (rows.empty()) throw;  // else they say so
  }
  return rows;
}

int list_tasks(const tasks_command& command, seat& at) {
  const std::vector<row> all = all_rows(command, at);
  if (command.remote.json) {
    std::string json = "{\"tasks\":[";
    for (const row& one : all) json += (json.back() == '[' ? "" : ",") + row_json(one);
    std::cout << json << "]}" << std::endl;
    return 0;
  }
  if (all.empty()) {
    std::cerr << "no tasks: what longhaul call starts here is listed" << std::endl;
    return 0;
  }
  std::vector<handle> ours;
  for (const row& one : all) {
    if (!one.elsewhere) ours.push_back(one.task);
  }
  const std::vector<std::string> ids = terminal::short_ids(ours);  // they are the first
  std::vector<std::vector<std::string>> rows;
  const timestamp now = system_clock().now();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const row& one = all[i];
    const std::string message = one.trouble.empty() && one.now ? one.now->message : one.trouble;
    rows.push_back({one.elsewhere ? one.task.id : ids[i], tool_of(one.task), status_of(one),
                    terminal::duration_text(now - one.task.created), one.task.server, message});
  }
  std::cout << table_of(std::move(rows), at.looks_of_output()) << std::flush;
  return 0;
}

// --- some of them

int follow_tasks(const tasks_command& command, seat& at) {
  const bool watches = command.action == tasks_command::verb::watch;
  const std::vector<handle> wanted = wanted_tasks(command, at, watches);
  if (wanted.empty()) {
    std::cerr << "no task is under way" << std::endl;
    return 0;
  }
  open_servers servers(command.remote, at);
  following calls(at, command.remote.json && (command.follow || watches));
  for (const handle& each : wanted) {
    const remote_server& server = servers.server_of(each);
    call_options options = calls.options_for(each.tool, server, command.answering);
    options.time_limit = time_of("--timeout", command.timeout);
    options.leave_questions = !watches;
    calls.add(server.connection->attach(handle_of(each), std::move(options)));
  }
  follow_to_end(calls, at, false);
  int code = 0;
  const auto all = calls.calls();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int one = guarded(command.remote.json, [&] {
      const call_outcome end = all[i].wait();
      if (watches && end.status == task_status::working && !end.timed_out) return 0;
      return tell_end(end, servers.server_of(wanted[i]), command.remote.json);
    });
    code = std::max(code, one);
  }
  return code;
}

int get_tasks(const tasks_command& command, seat& at) {
  open_servers servers(command.remote, at);
  int code = 0;
  for (const handle& each : wanted_tasks(command, at, false)) {
    const call_outcome now = servers.server_of(each).connection->look(handle_of(each));
    if (is_terminal(now.status)) note_end(each.id, each.server, now.status);
    if (command.remote.json) {
      std::cout << end_json(now, each.server) << std::endl;
    } else {
      std::cout << each.id << "  " << tool_of(each) << "  " << to_string(now.status);
      if (!now.message.empty()) std::cout << "  " << terminal::plain(now.message);
      std::cout << std::endl;
    }
    code = std::max(code, is_terminal(now.status) ? static_cast<int>(exit_code_of(now)) : 0);
  }
  return code;
}

int cancel_tasks(const tasks_command& command, seat& at) {
  open_servers servers(command.remote, at);
  for (const handle& each : wanted_tasks(command, at, false)) {
    servers.server_of(each).connection->cancel(handle_of(each));
    if (!command.remote.json) std::cerr << "cancelled: " << each.id << std::endl;
  }
  if (command.remote.json) std::cout << "{}" << std::endl;
  return 0;
}

constexpr auto session_look = milliseconds(50);

// In a session questions are told to whoever follows. It is left as soon as they are answered.
int answer_in_session(const tasks_command& command, const handle& task, const remote_server& server,
                      seat& at) {
  answering_options answering = command.answering;
  answering.answers = command.words;
  const auto answered = std::make_shared<std::atomic<bool>>(false);
  call_options options;
  options.on_question =
      [answered, ask = answers_from(at, answering, server.roots)](const asked_question& question) {
        auto reply = ask(question);
        if (reply) *answered = true;
        return reply;
      };
  const tool_call call = server.connection->attach(handle_of(task), std::move(options));
  at.on_interrupt([call](int) { call.detach(); });
  while (!call.wait_for(session_look)) {
    if (*answered && call.state().status == task_status::working) call.detach();
  }
  at.on_interrupt({});
  const call_outcome end = call.wait();
  if (!*answered) return tell_end(end, server, command.remote.json);
  if (is_terminal(end.status)) note_end(task.id, task.server, end.status);
  if (command.remote.json) std::cout << "{}" << std::endl;
  return 0;
}

int answer_task(const tasks_command& command, seat& at) {
  const std::vector<handle> wanted = wanted_tasks(command, at, false);
  open_servers servers(command.remote, at);
  const handle& task = wanted.front();
  const remote_server& server = servers.server_of(task);
  const call_outcome now = server.connection->look(handle_of(task));
  if (now.status != task_status::input_required) {
    throw std::invalid_argument("this task asks nothing now: it is " +
                                std::string(to_string(now.status)));
  }
  if (now.questions.empty() || task.era < protocol::modern_version) {
    return answer_in_session(command, task, server, at);
  }
  answering_options answering = command.answering;
  answering.answers = command.words;
  const question_handler handler = answers_from(at, answering, server.roots);
  for (const asked_question& each : now.questions) {
    auto reply = command.words.empty() ? handler(each) : std::nullopt;
    if (!command.words.empty()) reply = answer_by_words(each, command.words);
    if (!reply) return tell_end(now, server, command.remote.json);
    server.connection->answer(handle_of(task), each.key, *reply);
  }
  if (command.remote.json) std::cout << "{}" << std::endl;
  return 0;
}

int forget_tasks(const tasks_command& command, seat& at) {
  for (const handle& each : wanted_tasks(command, at, false))
    open_book().forget(each.id, each.server);
  return 0;
}

}  // namespace

int run_tasks(const tasks_command& command) {
  using verb = tasks_command::verb;
  return guarded(command.remote.json, [&] {
    seat at(command.remote.quiet);
    switch (command.action) {
      case verb::list:
        return list_tasks(command, at);
      case verb::watch:
      case verb::result:
        return follow_tasks(command, at);
      case verb::get:
        return get_tasks(command, at);
      case verb::cancel:
        return cancel_tasks(command, at);
      case verb::answer:
        return answer_task(command, at);
      case verb::output:
        return show_output(command, at);
      case verb::forget:
        break;
    }
    return forget_tasks(command, at);
  });
}

}  // namespace longhaul
