// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "command_lines.hpp"
#include "open/store_url.hpp"

namespace longhaul {

void add_store_verbs(CLI::App& app, store_command& command) {
  using verb = store_command::verb;
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
      const bool copies = which == verb::backup && !names_database(command.file);
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

}  // namespace longhaul
