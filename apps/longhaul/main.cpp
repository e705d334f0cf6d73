// SPDX-License-Identifier: Apache-2.0
// `longhaul`: the executable. CLI11 stays in this translation unit.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "call.hpp"
#include "completion.hpp"
#include "open/store_url.hpp"
#include "run/serve.hpp"
#include "serve.hpp"
#include "store.hpp"
#include "tasks.hpp"
#include "typed/wording.hpp"

namespace {

void add_store_verbs(CLI::App& app, longhaul::store_command& command) {
  using verb = longhaul::store_command::verb;
  CLI::App* const store =
      app.add_subcommand("store", "Look after a store: a file, or a schema in a database");
  store->require_subcommand(1);
  const auto add = [&](const char* name, verb which, const char* help) {
    CLI::App* const one = store->add_subcommand(name, help);
    const bool of_files = which == verb::backup || which == verb::vacuum;
    one->add_option("STORE", command.file,
                    of_files ? "The file, as given to --store"
                             : "A file or postgres://…, as given to --store")
        ->required()
        ->type_name(of_files ? "FILE" : "FILE|URL");
    if (which == verb::backup) {
      one->add_option("TO", command.copy, "The copy; must not exist")->type_name("FILE");
    }
    if (which == verb::list) {
      one->add_option("--status", command.status, "Only tasks of this status")
          ->check(CLI::IsMember(
              {"working", "queued", "input_required", "completed", "failed", "cancelled"}));
      one->add_option("--tool", command.tool, "Only tasks of this tool")->type_name("NAME");
      one->add_option("--owner", command.owner,
                      "Only tasks of this owner: local, anonymous, key:NAME")
          ->type_name("OWNER");
      one->add_option("--limit", command.limit, "At most so many, the newest (50); 0: all")
          ->type_name("COUNT");
    }
    one->add_flag("--json", command.json, "Say it as one JSON object");
    one->callback([&command, which] {
      command.action = which;
      const bool copies = which == verb::backup && !longhaul::names_database(command.file);
      if (copies && command.copy.empty()) throw CLI::RequiredError("TO");
    });
  };
  add("list", verb::list, "Show its tasks, newest first; never arguments or results");
  add("check", verb::check, "Say everything that is wrong with it");
  add("backup", verb::backup, "Copy a file as it is at one moment, without captured output");
  add("vacuum", verb::vacuum, "Give the free space of a file back to the file system");
  add("migrate", verb::migrate,
      "Bring it to this program's version, as a server does when it opens it; makes the tables in "
      "a database that has none");
  add("stats", verb::stats,
      "Count its tasks and bytes; of a database also by tool, and its servers with their leases");
  store->footer(
      "While servers run: list, check and stats, backup of a file, and migrate of a database. The "
      "rest needs them stopped. A database is copied with pg_dump. Exit codes: 0 done and sound, 1 "
      "not, 2 wrong use.\nExamples:\n"
      "  longhaul store backup ~/.local/state/longhaul/files.db /backup/files.db\n"
      "  longhaul store check 'postgres://longhaul@db.example/tasks?sslmode=verify-full'\n"
      "  longhaul store list postgres://longhaul@localhost/tasks --status queued --json\n"
      "  longhaul store stats postgres://longhaul@localhost/tasks");
}

// --- the other side

constexpr const char* server_words =
    "A SERVER is a URL, a FILE.toml of `longhaul serve`, a name from .mcp.json or .vscode/mcp.json "
    "here or above, or from ~/.config/longhaul/servers.toml; or, in its place, a command at the "
    "end, behind --. If none is said: $LONGHAUL_SERVER.\n";
constexpr const char* exit_words =
    "Exit codes: 0 completed, 1 the tool said error, 2 wrong use or refused, 3 the task failed, 4 "
    "cancelled, 5 it waits for an answer, 6 the server is unreachable, 7 the tool's time limit, "
    "124 --timeout.\n";

void add_remote_options(CLI::App& to, longhaul::remote_options& options) {
  to.add_flag("--json", options.json, "Say it as one JSON object");
  to.add_flag("-q,--quiet", options.quiet, "No progress: results, questions and errors only");
  to.add_flag("-v,--verbose", options.verbose, "Also what the server logs");
  to.add_option("--key-file", options.key_file, "A file whose first line is the API key")
      ->type_name("FILE");
  to.add_option("--header", options.headers, "Sent with each request: 'Name: value'")
      ->type_name("HEADER");
  to.add_option("--ca", options.ca_file, "A PEM file of authorities that are trusted")
      ->type_name("FILE");
  to.add_option("--protocol", options.protocol, "Speak this revision of MCP: 2025-11-25, …")
      ->type_name("REVISION");
  to.add_option("--root", options.roots, "A folder that the server may be told of")
      ->type_name("FOLDER");
}

void add_answering(CLI::App& to, longhaul::answering_options& options) {
  to.add_option("--answer", options.answers, "KEY=VALUE: answers a question of the tool")
      ->type_name("WORD");
  to.add_flag("--decline", options.decline, "Decline its questions");
  to.add_flag("--wait-for-input{true},!--no-input", options.ask,
              "Ask at the terminal; --no-input: end with exit code 5 instead when the tool asks");
}

// The words behind the command's name: SERVER TOOL ARGUMENTS…, or without SERVER.
void split_words(std::vector<std::string> words, longhaul::remote_options& remote,
                 std::string& tool, std::vector<std::string>& rest) {
  const bool named = remote.command.empty() && !words.empty() &&
                     (std::getenv("LONGHAUL_SERVER") == nullptr ||  // NOLINT: before any thread
                      longhaul::is_server_word(words[0]));
  if (named) {
    remote.server = words[0];
    words.erase(words.begin());
  }
  if (!words.empty()) {
    tool = words[0];
    words.erase(words.begin());
  }
  rest = std::move(words);
}

void add_call(CLI::App& app, longhaul::call_command& command, std::vector<std::string>& words) {
  CLI::App* const call = app.add_subcommand("call", "Call a tool, follow it, print its result");
  call->add_option("WORDS", words, "SERVER TOOL key=value… key:=JSON key=@file @args.json")
      ->type_name("");
  add_remote_options(*call, command.remote);
  add_answering(*call, command.answering);
  call->add_flag("--detach", command.detach, "Print the id of the task and leave");
  call->add_flag("--follow", command.follow, "With --json: an object for each change");
  call->add_flag("--tasks{true},!--no-task", command.tasks,
                 "--no-task: as a caller that knows no tasks");
  call->add_option("--timeout", command.timeout, "Wait no longer; a task goes on")
      ->type_name("TIME");
  call->add_option("--ttl", command.ttl, "How long the task should be kept (2025-11-25)")
      ->type_name("TIME");
  call->add_option("--idempotency-key", command.idempotency_key,
                   "The same call with the same key is one piece of work")
      ->type_name("KEY");
  call->footer(std::string(server_words) + exit_words +
               "Ctrl-C leaves a task (and says how to come back), twice cancels it.\nExamples:\n"
               "  longhaul call http://127.0.0.1:8080/mcp countdown seconds=30\n"
               "  longhaul call tools.toml hash_tree directory=. --json\n"
               "  longhaul call echo message=hi -- npx -y "
               "@modelcontextprotocol/server-everything\n"
               "  longhaul call build target=all --detach      # $LONGHAUL_SERVER is set");
}

void add_tools(CLI::App& app, longhaul::tools_command& command, std::vector<std::string>& words) {
  CLI::App* const tools = app.add_subcommand("tools", "What a server offers, or one tool of it");
  tools->add_option("WORDS", words, "SERVER [TOOL]")->type_name("");
  add_remote_options(*tools, command.remote);
  tools->footer(std::string(server_words) +
                "Examples:\n  longhaul tools http://127.0.0.1:8080/mcp\n"
                "  longhaul tools tools.toml hash_tree");
}

using task_verb = longhaul::tasks_command::verb;

void add_task_verb(CLI::App& tasks, longhaul::tasks_command& command, const char* name,
                   task_verb which, const char* help) {
  CLI::App* const one = tasks.add_subcommand(name, help);
  if (which == task_verb::answer) {
    one->add_option("ID", command.ids, "The task")->required()->expected(1)->type_name("");
    one->add_option("WORDS", command.words, "key=value…; none: asked at the terminal")
        ->type_name("");
    one->add_flag("--decline", command.answering.decline, "Decline its questions");
  } else {
    one->add_option("ID", command.ids, "The beginning of an id, or 'last'")->type_name("");
  }
  one->add_option("--server", command.remote.server, "Only tasks that were started there")
      ->type_name("SERVER");
  add_remote_options(*one, command.remote);
  if (which == task_verb::watch || which == task_verb::result) {
    one->add_option("--timeout", command.timeout, "Wait no longer")->type_name("TIME");
    one->add_flag("--follow", command.follow, "With --json: an object for each change");
    if (which == task_verb::result) add_answering(*one, command.answering);
  }
  if (which == task_verb::output) {
    one->add_flag("-f,--follow", command.follow, "Go on until the program has ended");
    one->add_flag("--stderr", command.errors, "Its standard error");
    one->add_option("--tail", command.tail, "Only the last so many bytes")->type_name("BYTES");
  }
  one->callback([&command, which] { command.action = which; });
}

void add_tasks(CLI::App& app, longhaul::tasks_command& command) {
  CLI::App* const tasks =
      app.add_subcommand("tasks", "What was started from here, wherever it runs");
  tasks->require_subcommand(0, 1);
  add_remote_options(*tasks, command.remote);
  const auto add = [&](const char* name, task_verb which, const char* help) {
    add_task_verb(*tasks, command, name, which, help);
  };
  add("list", task_verb::list, "A table of all, the newest first; the same as no verb");
  add("watch", task_verb::watch, "Follow them, or all that are under way, until they end");
  add("get", task_verb::get, "How a task stands now");
  add("result", task_verb::result, "Wait for the end, answer questions, print the result");
  add("cancel", task_verb::cancel, "Ask the server to stop it");
  add("answer", task_verb::answer, "Answer what it asks");
  add("output", task_verb::output, "What the program prints (servers of longhaul)");
  add("forget", task_verb::forget, "Take it off the list; it goes on");
  tasks->footer(std::string("Ids may be cut to any beginning that only one has; 'last' is the "
                            "newest.\n") +
                exit_words +
                "Examples:\n  longhaul tasks\n  longhaul tasks result last\n"
                "  longhaul tasks answer last colour=blue\n  longhaul tasks output last -f");
}

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
      const std::string before = at == &app ? "" : at->get_name() + ": ";
      return before + "unknown command" + longhaul::detail::unknown_name(names, given);
    }
    at = next;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  longhaul::fill_standard_streams();
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (!given.empty() && given[0] == "__complete") {
    const auto begin = std::ranges::find(given, "--");
    return longhaul::run_complete({begin == given.end() ? begin : begin + 1, given.end()});
  }
  // Behind `--` is the command of a server.
  std::vector<std::string> server_command;
  if (const auto end = std::ranges::find(given, "--"); end != given.end()) {
    server_command.assign(end + 1, given.end());
    argc = static_cast<int>(end - given.begin()) + 1;
  }
  CLI::App app("longhaul: long-running MCP tools, served and called");
  app.set_version_flag("--version", "longhaul " LONGHAUL_VERSION);
  app.require_subcommand(1);

  longhaul::serve_command command;
  bool stdio = false;
  CLI::App* const serve = app.add_subcommand("serve", "Serve the tools of a file");
  serve->add_option("FILE", command.file, "The file (docs/programs.md explains it)")->required();
  auto* const pipe = serve->add_flag("--stdio", stdio, "Serve one host over stdin and stdout");
  serve->add_option("--http", command.http, "Serve hosts over HTTP at http://ADDRESS:PORT/mcp")
      ->type_name("ADDRESS:PORT")
      ->excludes(pipe);
  serve
      ->add_option("--store", command.store,
                   "Where tasks are kept: sqlite:PATH, postgres://USER@HOST/DATABASE (many servers "
                   "may share "
                   "one), or memory: (as long as the server runs). If not "
                   "said: $XDG_STATE_HOME/longhaul/NAME.db, NAME being the server's")
      ->type_name("URL");
  serve->add_option("--log", command.common.log, longhaul::help_of_log)->type_name("WHAT");
  serve->add_option("--log-format", command.common.log_format, longhaul::help_of_log_format)
      ->type_name("FORMAT");
  serve
      ->add_option("--tls-certificate", command.common.tls_certificate,
                   longhaul::help_of_tls_certificate)
      ->type_name("FILE")
      ->excludes(pipe);
  serve->add_option("--tls-key", command.common.tls_key, longhaul::help_of_tls_key)
      ->type_name("FILE")
      ->excludes(pipe);
  serve->add_option("--drain-grace", command.common.drain_grace, longhaul::help_of_drain_grace())
      ->type_name("TIME");
  serve->add_flag("--check", command.check_only, "Only say whether the file is right");
  serve->footer(
      "The command line overrides the file. Exit codes: 0 done, 1 failed while serving, 2 wrong "
      "use "
      "or a fault in the file.\nExamples:\n"
      "  longhaul serve tools.toml --check\n"
      "  longhaul serve tools.toml --http 127.0.0.1:8080\n"
      "  claude mcp add tools -- longhaul serve /path/to/tools.toml --stdio");
  longhaul::store_command store;
  add_store_verbs(app, store);
  longhaul::call_command call;
  longhaul::tools_command tools;
  longhaul::tasks_command tasks;
  std::vector<std::string> words;
  std::string shell;
  add_call(app, call, words);
  add_tools(app, tools, words);
  add_tasks(app, tasks);
  CLI::App* const completion =
      app.add_subcommand("completion", "Print what makes a shell complete these commands");
  completion->add_option("SHELL", shell, "bash, zsh or fish")->required()->type_name("");
  completion->footer(
      "Examples:\n  eval \"$(longhaul completion bash)\"      # in ~/.bashrc\n"
      "  longhaul completion fish | source");
  if (const std::string wrong = unknown_command(app, argc, argv); !wrong.empty()) {
    std::cerr << "longhaul: " << wrong << "\nRun with --help for more information." << std::endl;
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  if (completion->parsed()) return longhaul::run_completion(shell);
  if (app.got_subcommand("call")) {
    call.remote.command = server_command;
    split_words(words, call.remote, call.tool, call.words);
    if (call.tool.empty()) {
      std::cerr
          << "longhaul: call: which tool? Write SERVER TOOL key=value…; longhaul tools SERVER "
             "lists them"
          << std::endl;
      return 2;
    }
    return longhaul::run_call(call);
  }
  if (app.got_subcommand("tools")) {
    std::vector<std::string> rest;
    tools.remote.command = server_command;
    split_words(words, tools.remote, tools.tool, rest);
    return longhaul::run_tools(tools);
  }
  if (app.got_subcommand("tasks")) return longhaul::run_tasks(tasks);
  if (!serve->parsed()) return longhaul::run_store(store);
  if (stdio) command.stdio = true;
  return longhaul::run_serve(command);
}
