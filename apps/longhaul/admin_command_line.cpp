// SPDX-License-Identifier: Apache-2.0
// The command line of `longhaul admin`, a verb each.
#include <CLI/CLI.hpp>
#include <string>
#include <tuple>

#include "command_lines.hpp"

namespace longhaul {
namespace {

using verb = admin_command::verb;

constexpr const char* filter_words =
    "Filters go together. STATUS is one or several, with commas, of waiting, running, "
    "input_required, completed, error (completed, and the tool says that it failed), failed, "
    "cancelled. TIME is 2026-11-28T16:00:00Z, or 2h for two hours ago. TEXT is looked for in ids, "
    "messages, keys, owners, tools and arguments.\n";
constexpr const char* admin_exit_words =
    "Exit codes: 0 done, 2 wrong use or refused, 4 interrupted, 5 it waits for an answer, 6 the "
    "server is unreachable.\n";

void add_common(CLI::App& to, admin_command& command) {
  to.add_option("--url", command.url,
                "Where the operators' API is ($LONGHAUL_OPERATOR_URL, the server that runs here, "
                "http://127.0.0.1:8081)")
      ->type_name("URL");
  to.add_option("--key-env", command.key_env,
                "The environment variable that holds the key (LONGHAUL_OPERATOR_KEY)")
      ->type_name("NAME");
  to.add_option("--ca", command.ca_file, "A PEM file of authorities that are trusted")
      ->type_name("FILE");
  to.add_flag("--json", command.json, "Print what the API replies, as one JSON value");
}

void add_filter(CLI::App& to, admin_filter& filter) {
  to.add_option("--status", filter.status, "Only tasks of these statuses, as failed,error")
      ->type_name("STATUS");
  to.add_option("--tool", filter.tool, "Only tasks of this tool")->type_name("NAME");
  to.add_option("--owner", filter.owner, "Only tasks of this owner: local, anonymous, key:NAME")
      ->type_name("OWNER");
  to.add_option("--since", filter.since, "Only tasks that were created since then")
      ->type_name("TIME");
  to.add_option("--until", filter.until, "Only tasks that were created until then")
      ->type_name("TIME");
  to.add_option("--id", filter.id_prefix, "Only tasks whose ids begin with this")->type_name("ID");
  to.add_option("--q", filter.text, "Only tasks that hold this text")->type_name("TEXT");
}

void add_id(CLI::App& to, admin_command& command) {
  const auto take = [&command](const std::string& id) { command.ids = {id}; };
  to.add_option_function<std::string>("ID", take, "The task, or the beginning of its id")
      ->required()
      ->type_name("");
}

// What makes the verbs.
class verb_adder {
 public:
  verb_adder(CLI::App& admin, admin_command& command) : admin_(admin), command_(command) {}

  CLI::App& plain(const char* name, verb which, const char* help) {
    CLI::App& one = *admin_.add_subcommand(name, help);
    add_common(one, command_);
    one.callback([&command = command_, which] { command.action = which; });
    return one;
  }
  CLI::App& of_task(const char* name, verb which, const char* help) {
    CLI::App& one = plain(name, which, help);
    add_id(one, command_);
    return one;
  }
  CLI::App& of_many(const char* name, verb which, const char* help, const char* also) {
    CLI::App& one = plain(name, which, help);
    one.add_option("ID", command_.ids, "The tasks, or the beginnings of their ids")->type_name("");
    one.add_flag("--filter", command_.by_filter, "All that the filter matches, instead of ids");
    add_filter(one, command_.filter);
    one.add_flag("--yes", command_.yes, "With --filter: do not ask");
    one.footer(
        std::string("With --filter the tasks are counted, you are asked, and nothing is done "
                    "if their number has changed meanwhile. Without --status it is about ") +
        also + ".\n" + filter_words + "Examples:\n  longhaul admin " + name +
        " 01m8hk25bz0c\n  longhaul admin " + name + " --filter --tool render --since 2h");
    return one;
  }

 private:
  CLI::App& admin_;
  admin_command& command_;
};

void add_views(verb_adder& add, admin_command& command) {
  add.plain("status", verb::status, "The server, its store, how many tasks, the last hour");
  CLI::App& tasks = add.plain("tasks", verb::tasks, "Tasks, the newest first");
  add_filter(tasks, command.filter);
  tasks.add_option("--limit", command.limit, "At most so many (50)")->type_name("COUNT");
  tasks.footer(std::string(filter_words) +
               "Examples:\n  longhaul admin tasks --status running,input_required\n"
               "  longhaul admin tasks --status failed --since 2h --tool render");
  add.of_task("show", verb::show, "One task: its life, its limits, arguments and result");
  add.of_task("explain", verb::explain, "Why it waits, or what it does, in a few lines");
  CLI::App& tail = add.of_task("tail", verb::tail, "What its program printed");
  tail.add_flag("-f,--follow", command.follow, "Go on until the program has ended");
  tail.add_flag("--stderr", command.errors, "Its standard error");
  tail.add_option("--bytes", command.bytes, "The last so many bytes (65536), up to 1048576")
      ->type_name("COUNT");
  tail.footer("A server that is away may come back: -f waits for it. Ctrl-C ends it.");
  add.plain("tools", verb::tools, "Each tool: its tasks, its times and failures of the last hour");
  add.plain("owners", verb::owners, "Who has how much, and what they may have");
  add.plain("processes", verb::processes, "The servers that share the store");
  add.plain("audit", verb::audit, "What operators did at this server");
  CLI::App& top = add.plain("top", verb::top, "What runs, waits and asks, live");
  top.footer("q or Ctrl-C ends it. Without a terminal it is printed once.");
}

void add_actions(verb_adder& add, admin_command& command) {
  add.of_many("cancel", verb::cancel, "Stop tasks", "all that have not ended")
      .add_option("--reason", command.reason, "Why: the caller reads it as the task's message")
      ->type_name("TEXT");
  add.of_many("retry", verb::retry, "Do the work of ended tasks again, as new tasks",
              "those that failed or were cancelled");
  add.of_many("delete", verb::remove, "Remove tasks that have ended", "all that have ended");
  CLI::App& retain = add.of_task("retain", verb::retain, "How long a task is kept after its end");
  retain.add_option("DURATION", command.duration, "90s, 15m, 12h, 7d, or forever")
      ->required()
      ->type_name("");
  CLI::App& answer = add.of_task("answer", verb::answer, "Answer what a task asks");
  answer
      .add_option("--answer", command.answers,
                  "Not asked at the terminal: of a form its content, else the whole reply")
      ->allow_extra_args(false)
      ->type_name("KEY=JSON");
  answer.add_flag("--decline", command.decline, "Decline what --answer does not answer");
  answer.footer(
      "longhaul admin explain ID shows the keys of its questions.\nExample:\n"
      "  longhaul admin answer 01m8hk25bz0c --answer 'meal={\"dish\": \"stew\", "
      "\"plates\": 2}'");
  for (const auto& [name, which, help] :
       {std::tuple("pause", verb::pause, "Begin no more tasks of a tool, at any server"),
        std::tuple("resume", verb::resume, "Begin them again")}) {
    add.plain(name, which, help)
        .add_option("TOOL", command.tool, "Its name")
        ->required()
        ->type_name("");
  }
}

}  // namespace

void add_admin(CLI::App& app, admin_command& command) {
  CLI::App* const admin =
      app.add_subcommand("admin", "Look at a server as its operator, and act on its tasks");
  admin->require_subcommand(1);
  add_common(*admin, command);
  verb_adder add(*admin, command);
  add_views(add, command);
  add_actions(add, command);
  admin->footer(
      std::string("It is a client of the operators' API, which a server has with --operator "
                  "127.0.0.1:8081. A key is never given on the command line, which others can "
                  "read. Ids may be cut to any beginning that only one has.\n") +
      admin_exit_words +
      "Examples:\n  longhaul admin status\n  longhaul admin tasks --status waiting\n"
      "  longhaul admin explain 01m8hk25bz0c\n  longhaul admin tail -f 01m8hk25bz0c\n"
      "  longhaul admin cancel --filter --tool render --status waiting\n"
      "  LONGHAUL_OPERATOR_KEY=… longhaul admin --url https://ops.example/longhaul/ top");
}

}  // namespace longhaul
