// SPDX-License-Identifier: Apache-2.0
// `longhaul`: the executable.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "command_lines.hpp"
#include "completion.hpp"
#include "known_tasks.hpp"
#include "run/serve.hpp"
#include "typed/wording.hpp"

namespace longhaul {
namespace {

// What is wrong with a command that is none of ours; CLI11 would only say that one is missing.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const std::string_view given = argv[i];
    std::vector<std::string_view> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* one : at->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(one->get_name());
      if (one->get_name() == given) next = one;
    }
    if (names.empty()) break;
    if (next == nullptr) {
      if (at->get_name() == "tasks" && is_server_word(std::string(given))) break;
      const std::string before = at == &app ? "" : at->get_name() + ": ";
      return before + "unknown command" + detail::unknown_name(names, given);
    }
    at = next;
  }
  return {};
}

/// All that a command line can say.
struct given_command {
  serve_command serve;
  store_command store;
  call_command call;
  tools_command tools;
  tasks_command tasks;
  admin_command admin;
  std::vector<std::string> words;
  std::string shell;
};

void add_commands(CLI::App& app, given_command& given) {
  app.set_version_flag("--version", "longhaul " LONGHAUL_VERSION);
  app.require_subcommand(1);
  add_serve(app, given.serve);
  add_call(app, given.call, given.words);
  add_tools(app, given.tools, given.words);
  add_tasks(app, given.tasks);
  add_admin(app, given.admin);
  add_store_verbs(app, given.store);
  CLI::App* const completion =
      app.add_subcommand("completion", "Print what makes a shell complete these commands");
  completion->add_option("SHELL", given.shell, "bash, zsh or fish")->required()->type_name("");
  completion->footer(
      "Examples:\n  eval \"$(longhaul completion bash)\"      # in ~/.bashrc\n"
      "  longhaul completion fish | source");
}

int run_call(given_command& given, std::vector<std::string> server) {
  call_command& call = given.call;
  call.remote.command = std::move(server);
  split_words(given.words, call.remote, call.tool, call.words);
  if (!call.tool.empty()) return run_call(call);
  std::cerr << "longhaul: call: which tool? Write SERVER TOOL key=value…; longhaul tools SERVER "
               "lists them"
            << std::endl;
  return 2;
}

int run_tools(given_command& given, std::vector<std::string> server) {
  std::vector<std::string> rest;
  given.tools.remote.command = std::move(server);
  split_words(given.words, given.tools.remote, given.tools.tool, rest);
  if (rest.empty()) return run_tools(given.tools);
  std::cerr << "longhaul: tools: '" << rest[0] << "' is too much: write SERVER, or SERVER TOOL"
            << std::endl;
  return 2;
}

// `server`: the command behind `--`.
int run(const CLI::App& app, given_command& given, std::vector<std::string> server) {
  if (app.got_subcommand("serve")) return run_serve(given.serve);
  if (app.got_subcommand("call")) return run_call(given, std::move(server));
  if (app.got_subcommand("tools")) return run_tools(given, std::move(server));
  if (app.got_subcommand("tasks")) return run_tasks(given.tasks);
  if (app.got_subcommand("admin")) return run_admin(given.admin);
  if (app.got_subcommand("completion")) return run_completion(given.shell);
  return run_store(given.store);
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  longhaul::fill_standard_streams();
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "tasks") words = longhaul::with_shielded_ids(words);
  const auto end = std::ranges::find(words, "--");
  const std::vector<std::string> behind(end == words.end() ? end : end + 1, words.end());
  if (!words.empty() && words[0] == "__complete") return longhaul::run_complete(behind);
  words.erase(end, words.end());
  std::vector<char*> shown = {argv[0]};
  for (std::string& word : words) shown.push_back(word.data());
  argc = static_cast<int>(shown.size());
  shown.push_back(nullptr);
  argv = shown.data();
  CLI::App app("longhaul: long-running MCP tools, served and called");
  longhaul::given_command given;
  longhaul::add_commands(app, given);
  const bool in_json =
      !words.empty() && words[0] == "admin" && std::ranges::find(words, "--json") != words.end();
  if (const std::string wrong = longhaul::unknown_command(app, argc, argv); !wrong.empty()) {
    if (in_json) return longhaul::refuse_admin_in_json(wrong);
    std::cerr << "longhaul: " << wrong << "\nRun with --help for more information." << std::endl;
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (in_json && e.get_exit_code() != 0) return longhaul::refuse_admin_in_json(e.what());
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  return longhaul::run(app, given, behind);
}
