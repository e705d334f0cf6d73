// SPDX-License-Identifier: Apache-2.0
// Calls a long tool of any MCP server, says how it goes, and finds it again later:
//
//   longhaul-client URL TOOL [JSON]        calls it, follows it, prints what it gave
//   longhaul-client URL --again FILE       follows the task that FILE names
//
// If it is told to stop with Ctrl-C, a task goes on; its handle stands in task.json by then.
#include <boost/describe.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <longhaul/client.hpp>
#include <string>

// What another process needs to find the task.
struct kept_handle {
  std::string id, version, tool;
};
BOOST_DESCRIBE_STRUCT(kept_handle, (), (id, version, tool))

namespace {

void keep(const longhaul::task_handle& task) {
  std::ofstream("task.json")
      << longhaul::to_json(kept_handle{task.id, task.version, task.tool}).view() << '\n';
}

longhaul::task_handle kept(const std::string& file) {
  std::ifstream from(file);
  const std::string text(std::istreambuf_iterator<char>(from), {});
  const auto found = longhaul::from_json<kept_handle>(longhaul::raw_json::parse(text));
  longhaul::task_handle task;
  task.id = found.id;
  task.version = found.version;
  task.tool = found.tool;
  return task;
}

// The simplest user: types the answer as JSON, or nothing.
std::optional<longhaul::question_reply> ask(const longhaul::asked_question& question) {
  std::cerr << question.method << ": " << question.params.view() << "\n> " << std::flush;
  std::string line;
  if (!std::getline(std::cin, line) || line.empty()) return std::nullopt;
  return longhaul::answer{longhaul::answer::action::accept, longhaul::raw_json::parse(line)};
}

int tell(const longhaul::call_outcome& end) {
  if (end.status == longhaul::task_status::completed) {
    std::cout << end.result.text() << std::endl;
    return end.result.is_error() ? 1 : 0;
  }
  std::cerr << to_string(end.status) << ": " << end.message << std::endl;
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " URL TOOL [JSON] | URL --again FILE" << std::endl;
    return 2;
  }
  try {
    const longhaul::client server({.url = argv[1]},
                                  {.can = {longhaul::client_capability::elicitation_form}});
    longhaul::call_options options;
    options.on_question = ask;
    options.on_change = [](const longhaul::call_state& now) {
      std::cerr << to_string(now.status);
      if (now.done) std::cerr << ' ' << *now.done;
      std::cerr << ' ' << now.message << std::endl;
    };
    const std::string tool = argv[2];
    if (tool == "--again") {
      const longhaul::task_handle task = kept(argc > 3 ? argv[3] : "task.json");
      // A task belongs to the revision that it was made in.
      const longhaul::client again({.url = argv[1]}, {.only_version = task.version});
      return tell(again.attach(task, options).wait());
    }
    const auto arguments = longhaul::raw_json::parse(argc > 3 ? argv[3] : "{}");
    const longhaul::tool_call call = server.call(tool, arguments, options);
    while (!call.handle() && !call.wait_for(std::chrono::milliseconds(20))) {
    }
    if (const auto task = call.handle()) keep(*task);
    return tell(call.wait());
  } catch (const std::exception& e) {
    std::cerr << e.what() << std::endl;
    return 1;
  }
}
