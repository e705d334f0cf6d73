// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <condition_variable>
#include <iostream>
#include <stdexcept>

#include "base/duration.hpp"
#include "exit_codes.hpp"
#include "json/view.hpp"
#include "terminal/argument_prompt.hpp"
#include "terminal/arguments.hpp"
#include "terminal/plain_text.hpp"
#include "terminal/tool_page.hpp"
#include "typed/wording.hpp"

namespace longhaul {
namespace {

std::string all_of(const std::vector<raw_json>& values) {
  std::string text = "[";
  for (const raw_json& each : values) {
    if (text.size() > 1) text += ',';
    text += each.view();
  }
  return text + "]";
}

raw_json find_tool(const remote_server& server, const std::string& name) {
  const std::vector<raw_json> all = server.connection->tools();
  std::vector<std::string> names;
  for (const raw_json& each : all) {
    names.push_back(json::value(each)["name"].string().value_or(""));
    if (names.back() == name) return each;
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  throw std::invalid_argument(server.word + " has no tool" + detail::unknown_name(known, name));
}

raw_json arguments_for(const raw_json& tool, const call_command& command, seat& at) {
  const json::value found = json::value(tool)["inputSchema"];
  const raw_json schema = raw_json::trusted(found ? found.raw() : "{}");
  const terminal::read_words read = terminal::read_arguments(schema, command.words);
  if (read.missing.empty()) return read.arguments;
  const bool asks = at.interactive() && command.answering.ask && !command.remote.json;
  if (!asks) {
    const std::vector<std::string_view> names(read.missing.begin(), read.missing.end());
    throw std::invalid_argument(command.tool + ": " + detail::missing_members(names) +
                                " (longhaul tools SERVER " + command.tool + " shows them)");
  }
  const auto ask = [&](terminal::console& console) {
    return terminal::ask_arguments(console, schema, read);
  };
  const auto given = at.ask(ask);
  if (!given) throw client_error(client_error::kind::left, "given up");
  return *given;
}

int leave_at_once(const tool_call& call, const remote_server& server, const call_command& command) {
  while (!call.handle() && !call.wait_for(milliseconds(5))) {
  }
  const auto task = call.handle();
  if (task) {
    open_book().remember(remembered(*task, server));
    call.detach();
  }
  call_outcome end = call.wait();
  // However fast it was, the same is said of it: who wants more asks for it. But what a program
  // has brought that we started is gone with it.
  const bool ended = is_terminal(end.status);
  if (!task || (ended && server.is_program)) return tell_end(end, server, command.remote.json);
  if (ended) note_end(task->id, server.word, end.status);
  end = {};
  end.status = task_status::working;
  end.task = task;
  if (command.remote.json || server.is_program) tell_end(end, server, command.remote.json);
  if (!command.remote.json) std::cout << task->id << std::endl;
  return 0;
}

}  // namespace

std::optional<milliseconds> time_of(const std::string& name, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto time = parse_duration(text);
  if (!time) throw std::invalid_argument(name + " '" + text + "': write 90s, 15m or 2h");
  return time;
}

void follow_to_end(following& calls, seat& at, bool programs) {
  at.on_interrupt([&](int number) {
    if (number == 1 && !programs) {
      calls.leave_tasks();
    } else {
      calls.cancel();
    }
  });
  calls.run();
  at.on_interrupt({});
}

int run_call(const call_command& command) {
  return guarded(command.remote.json, [&] {
    seat at(command.remote.quiet);
    const auto time_limit = time_of("--timeout", command.timeout);
    const auto ttl = time_of("--ttl", command.ttl);
    const remote_server server = open_server(command.remote, at);
    const raw_json tool = find_tool(server, command.tool);
    const raw_json arguments = arguments_for(tool, command, at);
    following calls(at, command.remote.json && command.follow);
    answering_options answering = command.answering;
    if (command.detach) answering.ask = false;
    call_options options = calls.options_for(command.tool, server, answering);
    options.time_limit = time_limit;
    options.ttl = ttl;
    options.tasks = command.tasks;
    options.idempotency_key = command.idempotency_key;
    const tool_call call = server.connection->call(command.tool, arguments, std::move(options));
    calls.add(call);
    if (command.detach) return leave_at_once(call, server, command);
    follow_to_end(calls, at, server.is_program);
    return tell_end(calls.outcome(), server, command.remote.json);
  });
}

int run_tools(const tools_command& command) {
  return guarded(command.remote.json, [&] {
    seat at(command.remote.quiet);
    const remote_server server = open_server(command.remote, at);
    terminal::look looks = at.looks_of_output();
    if (command.tool.empty()) {
      const std::string all = all_of(server.connection->tools());
      if (command.remote.json) {
        std::cout << "{\"tools\":" << all << "}" << std::endl;
      } else {
        std::cout << terminal::tool_list(raw_json::trusted(all), looks) << std::flush;
      }
      return 0;
    }
    const raw_json tool = find_tool(server, command.tool);
    if (command.remote.json) {
      std::cout << tool.view() << std::endl;
    } else {
      if (looks.width == 0) looks.width = at.looks().width;  // paragraphs have lines
      const std::string place = server.behind.empty() ? server.word + " " : "";
      std::cout << terminal::tool_page(tool, "longhaul call " + place + command.tool, looks,
                                       server.behind)
                << std::flush;
    }
    return 0;
  });
}

}  // namespace longhaul
