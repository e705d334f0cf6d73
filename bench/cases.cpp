// SPDX-License-Identifier: Apache-2.0
#include "bench/cases.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <unordered_set>
#include <vector>

#include "bench/conversations.hpp"

namespace longhaul::bench {
namespace {

using namespace std::chrono_literals;
using simdjson::dom::element;
using request_lists = std::vector<std::vector<prepared_request>>;

constexpr auto preparation_limit = 120s;

// Reading a task costs little beside HTTP. A call that returns at once costs at most as much again
// where its request is read, and a hand-over to another thread more elsewhere.
constexpr double get_target = 0.75;
constexpr double create_target = 0.45;
constexpr double quick_target = 0.50;
constexpr double call_target = 0.35;
constexpr double read_target = 0.70;

std::vector<prepared_request> calls(const char* tool, bool as_task) {
  std::vector<prepared_request> result;
  for (std::size_t n = 0; n < varied_messages; ++n) {
    result.push_back(call_request(era::modern, tool, n, as_task));
  }
  return result;
}

// A list for each session, a message in one of them only.
request_lists legacy_calls(const std::vector<std::string>& sessions, const char* tool,
                           bool as_task) {
  const std::size_t each = std::max<std::size_t>(varied_messages / sessions.size(), 16);
  request_lists result(sessions.size());
  for (std::size_t n = 0; n < each * sessions.size(); ++n) {
    const std::size_t session = n % sessions.size();
    result[session].push_back(call_request(era::legacy, tool, n, as_task, sessions[session]));
  }
  return result;
}

void require(const load_result& done, const char* action) {
  if (done.errors == 0) return;
  throw std::runtime_error(std::string(action) + ": " + std::to_string(done.errors) +
                           " wrong replies, the first: " + done.first_error);
}

std::vector<std::string> open_sessions(load_generator& load) {
  session_conversation opening(load.connections());
  require(load.run(opening, preparation_limit), "initialize");
  return opening.sessions();
}

// Tasks on the server, and the number of the call that made each.
struct population {
  std::vector<std::string> ids;
  std::vector<std::size_t> calls;
};

// `task_of` finds the task in a result.
population create_tasks(load_generator& load, request_lists requests, std::size_t count,
                        const std::function<element(element)>& task_of) {
  population tasks;
  request_conversation creating(std::move(requests), load.connections(),
                                [&](element result, std::size_t number) {
                                  tasks.ids.emplace_back(text_member(task_of(result), "taskId"));
                                  tasks.calls.push_back(number);
                                  return tasks.ids.back().size() == task_id_mark.size();
                                });
  creating.stop_after(count);
  require(load.run(creating, preparation_limit), "creating the population");
  if (std::unordered_set<std::string>(tasks.ids.begin(), tasks.ids.end()).size() != count) {
    throw std::runtime_error("creating the population: ids came twice, or too few");
  }
  return tasks;
}

element itself(element result) { return result; }
element member_task(element result) {
  element task;
  return result["task"].get(task) == simdjson::SUCCESS ? task : result;
}

std::vector<prepared_request> gets(const std::vector<std::string>& ids) {
  std::vector<prepared_request> result;
  for (std::size_t n = 0; n < ids.size(); ++n) {
    result.push_back(get_request(era::modern, n, ids[n]));
  }
  return result;
}

std::unique_ptr<conversation> one_by_one(load_generator& load, request_lists requests,
                                         request_conversation::checker check) {
  return std::make_unique<request_conversation>(std::move(requests), load.connections(),
                                                std::move(check));
}

bool is_new_task(element result, std::size_t) {
  return text_member(result, "taskId").size() == task_id_mark.size() &&
         text_member(result, "status") == "working";
}

bool has_state(element task, const std::string& id, std::string_view status) {
  return text_member(task, "taskId") == id && text_member(task, "status") == status;
}

// Reads every task until it is completed: handlers end after the reply to the create.
void wait_until_completed(load_generator& load, const std::vector<std::string>& ids) {
  const std::vector<prepared_request> reads = gets(ids);
  for (int round = 0; round < 1000; ++round) {
    std::size_t completed = 0;
    request_conversation reading({reads}, load.connections(), [&](element result, std::size_t) {
      completed += text_member(result, "status") == "completed" ? 1 : 0;
      return true;
    });
    reading.stop_after(ids.size());
    require(load.run(reading, preparation_limit), "waiting for the population");
    if (completed == ids.size()) return;
  }
  throw std::runtime_error("waiting for the population: tasks do not end");
}

std::unique_ptr<conversation> prepare_echo(load_generator& load, const options&) {
  return std::make_unique<echo_conversation>(calls(tool::blocking, false), load.connections());
}

template <const auto& Tool>
std::unique_ptr<conversation> prepare_call(load_generator& load, const options&) {
  return one_by_one(load, {calls(Tool, false)}, is_rendered);
}

template <const auto& Tool>
std::unique_ptr<conversation> prepare_create(load_generator& load, const options&) {
  return one_by_one(load, {calls(Tool, true)}, is_new_task);
}

std::unique_ptr<conversation> prepare_get_working(load_generator& load, const options& with) {
  auto tasks = create_tasks(load, {calls(tool::external, true)}, with.population, itself);
  auto requests = gets(tasks.ids);
  auto check = [tasks = std::move(tasks)](element result, std::size_t n) {
    return has_state(result, tasks.ids[n], "working");
  };
  return one_by_one(load, {std::move(requests)}, std::move(check));
}

std::unique_ptr<conversation> prepare_get_completed(load_generator& load, const options& with) {
  auto tasks = create_tasks(load, {calls(tool::task, true)}, with.population, itself);
  wait_until_completed(load, tasks.ids);
  auto requests = gets(tasks.ids);
  auto check = [tasks = std::move(tasks)](element result, std::size_t n) {
    element ended;
    return has_state(result, tasks.ids[n], "completed") &&
           result["result"].get(ended) == simdjson::SUCCESS && is_rendered(ended, tasks.calls[n]);
  };
  return one_by_one(load, {std::move(requests)}, std::move(check));
}

template <const auto& Kind>
std::unique_ptr<conversation> prepare_read(load_generator& load, const options&) {
  std::vector<std::string> texts;
  std::vector<prepared_request> requests;
  for (std::size_t n = 0; n < resource::count; ++n) texts.push_back(resource_text(n));
  for (std::size_t n = 0; n < varied_messages; ++n) {
    requests.push_back(read_request(resource_uri(Kind, n % texts.size()), n));
  }
  auto check = [texts = std::move(texts)](element result, std::size_t n) {
    element first;
    return result["contents"].at(0).get(first) == simdjson::SUCCESS &&
           text_member(first, "text") == texts[n % texts.size()];
  };
  return one_by_one(load, {std::move(requests)}, std::move(check));
}

std::unique_ptr<conversation> prepare_life(load_generator& load, const options&) {
  return std::make_unique<life_conversation>(load.connections());
}

std::unique_ptr<conversation> prepare_legacy_call(load_generator& load, const options&) {
  return one_by_one(load, legacy_calls(open_sessions(load), tool::blocking, false), is_rendered);
}

std::unique_ptr<conversation> prepare_legacy_get(load_generator& load, const options& with) {
  const auto sessions = open_sessions(load);
  auto tasks = create_tasks(load, legacy_calls(sessions, tool::external, true),
                            std::max(with.population, sessions.size()), member_task);
  // Every session reads its share.
  request_lists requests(sessions.size());
  for (std::size_t n = 0; n < tasks.ids.size(); ++n) {
    const std::size_t session = n % sessions.size();
    requests[session].push_back(get_request(era::legacy, n, tasks.ids[n], sessions[session]));
  }
  auto check = [tasks = std::move(tasks)](element result, std::size_t n) {
    return has_state(result, tasks.ids[n], "working");
  };
  return one_by_one(load, std::move(requests), std::move(check));
}

// A server of its own takes four threads where there are as many CPUs. Pinned to one CPU, as here,
// they show what it costs that requests are spread over threads.
constexpr std::size_t spread = 4;

const std::vector<bench_case>& table() {
  static const std::vector<bench_case> cases = {
      {"echo", "the body comes back: the ceiling of this HTTP stack", served::echo, 0, 0,
       prepare_echo},
      {"call-quick", "tools/call, no task, quick coroutine handler", served::mcp, quick_target, 0,
       prepare_call<tool::quick>},
      {"call-blocking", "tools/call, no task, blocking handler", served::mcp, call_target, 0,
       prepare_call<tool::blocking>},
      {"call-coroutine", "tools/call, no task, coroutine handler", served::mcp, call_target, 0,
       prepare_call<tool::coroutine>},
      {"read-resource", "resources/read of 1 KB that never changes", served::mcp, read_target, 0,
       prepare_read<resource::fixed>},
      {"read-resource-coroutine", "resources/read of 1 KB from a coroutine handler", served::mcp, 0,
       0, prepare_read<resource::coroutine>},
      {"create-stays", "tools/call makes a task that somebody else finishes", served::mcp,
       create_target, 0, prepare_create<tool::external>},
      {"create-ends", "tools/call makes a task, its coroutine ends it at once", served::mcp,
       create_target, 0, prepare_create<tool::task>},
      {"create-ends-blocking", "the same with a blocking handler", served::mcp, 0, 0,
       prepare_create<tool::blocking_task>},
      {"get-working", "tasks/get of unfinished tasks", served::mcp, get_target, 0,
       prepare_get_working},
      {"get-completed", "tasks/get of finished tasks, result included", served::mcp, get_target, 0,
       prepare_get_completed},
      {"life", "create, run, read until completed", served::mcp, 0, 0, prepare_life},
      {"durable-create-stays", "create-stays on the SQLite store", served::durable, 0, 0,
       prepare_create<tool::external>},
      {"durable-life", "life on the SQLite store", served::durable, 0, 0, prepare_life},
      {"call-quick-counted", "call-quick, counted for /metrics", served::mcp, 0, 0,
       prepare_call<tool::quick>, watched::counted, "call-quick"},
      {"call-coroutine-counted", "call-coroutine, counted for /metrics", served::mcp, 0, 0,
       prepare_call<tool::coroutine>, watched::counted, "call-coroutine"},
      {"create-ends-counted", "create-ends, counted for /metrics", served::mcp, 0, 0,
       prepare_create<tool::task>, watched::counted, "create-ends"},
      {"durable-life-counted", "durable-life, counted for /metrics", served::durable, 0, 0,
       prepare_life, watched::counted, "durable-life"},
      {"call-quick-traced", "call-quick, each one a trace", served::mcp, 0, 0,
       prepare_call<tool::quick>, watched::traced, "call-quick"},
      {"call-coroutine-traced", "call-coroutine, each one a trace", served::mcp, 0, 0,
       prepare_call<tool::coroutine>, watched::traced, "call-coroutine"},
      {"create-ends-traced", "create-ends, each one a trace", served::mcp, 0, 0,
       prepare_create<tool::task>, watched::traced, "create-ends"},
      {"durable-life-traced", "durable-life, each one a trace", served::durable, 0, 0, prepare_life,
       watched::traced, "durable-life"},
      {"legacy-call", "tools/call of 2025-11-25, no task, blocking handler", served::mcp, 0, 0,
       prepare_legacy_call},
      {"legacy-get-working", "tasks/get of 2025-11-25, unfinished tasks", served::mcp, 0, 0,
       prepare_legacy_get},
      {"echo-4", "echo with four transport threads", served::echo, 0, spread, prepare_echo},
      {"call-quick-4", "call-quick with four transport threads", served::mcp, quick_target, spread,
       prepare_call<tool::quick>},
      {"call-blocking-4", "call-blocking with four transport threads", served::mcp, call_target,
       spread, prepare_call<tool::blocking>},
      {"call-coroutine-4", "call-coroutine with four transport threads", served::mcp, call_target,
       spread, prepare_call<tool::coroutine>},
      {"create-stays-4", "create-stays with four transport threads", served::mcp, create_target,
       spread, prepare_create<tool::external>},
      {"get-working-4", "get-working with four transport threads", served::mcp, get_target, spread,
       prepare_get_working},
  };
  return cases;
}

}  // namespace

std::span<const bench_case> all_cases() { return table(); }

measurement measure(const bench_case& measured, const options& with,
                    const std::function<void(const std::string&)>& progress) {
  const auto say = [&](const std::string& line) {
    if (progress) progress(line);
  };
  say("starting");
  const std::size_t threads = measured.threads != 0 ? measured.threads : with.server_threads;
  std::optional<server_process> collector;
  if (measured.how == watched::traced) {
    collector.emplace(served::collector, 1, with.client_cpu, with.folder);
  }
  const server_process server(measured.server, threads, with.server_cpu, with.folder, measured.how,
                              collector ? collector->port() : std::uint16_t{0});
  const std::string pid = " (server pid " + std::to_string(server.pid()) + ")";
  load_generator load(server.port(), with.connections);
  say("preparing" + pid);
  const auto talk = measured.prepare(load, with);
  say("warming up" + pid);
  if (with.warm_up > 0ms) require(load.run(*talk, with.warm_up), "warming up");

  measurement result;
  server.settle();
  const auto split_before = split_cpu_time_of(server.pid());
  const auto instructions_before = server.instructions();
  const auto cpu_before = cpu_time_of(server.pid()), client_before = cpu_time_of(getpid());
  result.load = load.run(*talk, with.time, [&](const load_result& so_far) {
    say(std::to_string(so_far.requests) + " requests" + pid);
  });
  const auto client_cpu = cpu_time_of(getpid()) - client_before;
  result.settled = server.settle();
  result.server_cpu = cpu_time_of(server.pid()) - cpu_before;
  const auto instructions_after = server.instructions();
  const auto split = split_cpu_time_of(server.pid());

  const auto user = split.user - split_before.user, system = split.system - split_before.system;
  if ((user + system).count() > 0) {
    result.system_share =
        static_cast<double>(system.count()) / static_cast<double>((user + system).count());
  }
  result.client_busy =
      static_cast<double>(client_cpu.count()) / static_cast<double>(result.load.time.count());
  if (instructions_before && instructions_after) {
    result.instructions = static_cast<double>(*instructions_after - *instructions_before);
  }
  return result;
}

}  // namespace longhaul::bench
