// SPDX-License-Identifier: Apache-2.0
// `longhaul`: the executable. CLI11 stays in this translation unit.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "open/store_url.hpp"
#include "run/serve.hpp"
#include "serve.hpp"
#include "store.hpp"
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
  CLI::App app("longhaul: serves programs as long-running MCP tools");
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
  if (const std::string wrong = unknown_command(app, argc, argv); !wrong.empty()) {
    std::cerr << "longhaul: " << wrong << "\nRun with --help for more information." << std::endl;
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  if (!serve->parsed()) return longhaul::run_store(store);
  if (stdio) command.stdio = true;
  return longhaul::run_serve(command);
}
