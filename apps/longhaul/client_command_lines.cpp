// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "command_lines.hpp"
#include "completion.hpp"

namespace longhaul {
namespace {

constexpr const char* server_words =
    "A SERVER is a URL, a FILE.toml of `longhaul serve`, a name from .mcp.json or .vscode/mcp.json "
    "here or above, or from ~/.config/longhaul/servers.toml; or, in its place, a command at the "
    "end, behind --. If none is said: $LONGHAUL_SERVER.\n";
constexpr const char* exit_words =
    "Exit codes: 0 completed, 1 the tool said error, 2 wrong use or refused, 3 the task failed, 4 "
    "cancelled, 5 it waits for an answer, 6 the server is unreachable, 7 the tool's time limit, "
    "124 --timeout.\n";

void add_remote_options(CLI::App& to, remote_options& options) {
  to.add_flag("--json", options.json, "Say it as one JSON object");
  to.add_flag("-q,--quiet", options.quiet, "No progress: results, questions and errors only");
  to.add_flag("-v,--verbose", options.verbose, "Also what the server logs");
  to.add_option("--key-file", options.key_file, "A file whose first line is the API key")
      ->type_name("FILE");
  to.add_option("--header", options.headers, "Sent with each request: 'Name: value'")
      ->allow_extra_args(false)
      ->type_name("HEADER");
  to.add_option("--ca", options.ca_file, "A PEM file of authorities that are trusted")
      ->type_name("FILE");
  to.add_option("--protocol", options.protocol, "Speak this revision of MCP, not the newest")
      ->type_name("REVISION");
  to.add_option("--root", options.roots, "A folder that the server may be told of")
      ->allow_extra_args(false)
      ->type_name("FOLDER");
}

void add_answering(CLI::App& to, answering_options& options) {
  to.add_option("--answer", options.answers, "KEY=VALUE: answers a question of the tool")
      ->allow_extra_args(false)
      ->type_name("WORD");
  to.add_flag("--decline", options.decline, "Decline its questions");
  to.add_flag("--wait-for-input{true},!--no-input", options.ask,
              "Ask at the terminal; --no-input: end with exit code 5 instead when the tool asks");
}

using task_verb = tasks_command::verb;

void add_task_verb(CLI::App& tasks, tasks_command& command, const char* name, task_verb which,
                   const char* help) {
  CLI::App* const one = tasks.add_subcommand(name, help);
  if (which == task_verb::answer) {
    const auto take = [&command](const std::string& id) { command.ids = {id}; };
    one->add_option_function<std::string>("ID", take, "The task")->required()->type_name("");
    one->add_option("WORDS", command.words, "key=value…; none: asked at the terminal")
        ->type_name("");
    one->add_flag("--decline", command.answering.decline, "Decline its questions");
  } else {
    one->add_option("ID", command.ids, "The beginning of an id, or 'last'")->type_name("");
  }
  one->add_option("--server", command.remote.server,
                  "Only tasks of this one; also those that were started elsewhere")
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

}  // namespace

// The words behind the command's name: SERVER TOOL ARGUMENTS…, or without SERVER.
void split_words(std::vector<std::string> words, remote_options& remote, std::string& tool,
                 std::vector<std::string>& rest) {
  const bool named = remote.command.empty() && !words.empty() &&
                     (std::getenv("LONGHAUL_SERVER") == nullptr ||  // NOLINT: before any thread
                      is_server_word(words[0]));
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

void add_call(CLI::App& app, call_command& command, std::vector<std::string>& words) {
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
  call->add_option("--ttl", command.ttl,
                   "How long the task should be kept, where callers may say so")
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

void add_tools(CLI::App& app, tools_command& command, std::vector<std::string>& words) {
  CLI::App* const tools = app.add_subcommand("tools", "What a server offers, or one tool of it");
  tools->add_option("WORDS", words, "SERVER [TOOL]")->type_name("");
  add_remote_options(*tools, command.remote);
  tools->footer(std::string(server_words) +
                "Examples:\n  longhaul tools http://127.0.0.1:8080/mcp\n"
                "  longhaul tools tools.toml hash_tree");
}

void add_tasks(CLI::App& app, tasks_command& command) {
  CLI::App* const tasks =
      app.add_subcommand("tasks", "What was started from here, wherever it runs");
  tasks->require_subcommand(0, 1);
  tasks
      ->add_option("SERVER,--server", command.remote.server,
                   "Only tasks there; also those that were started elsewhere, if it lists them")
      ->type_name("");
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
  tasks->footer(
      std::string("Ids may be cut to any beginning that only one has; 'last' is the "
                  "newest.\n") +
      exit_words +
      "Examples:\n  longhaul tasks\n  longhaul tasks result last\n"
      "  longhaul tasks answer last colour=blue\n  longhaul tasks output last -f\n"
      "  longhaul tasks get ID --server http://127.0.0.1:8080/mcp    # started elsewhere");
}

}  // namespace longhaul
