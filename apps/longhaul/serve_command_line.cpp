// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "command_lines.hpp"

namespace longhaul {

void add_serve(CLI::App& app, serve_command& command) {
  CLI::App* const serve = app.add_subcommand("serve", "Serve the tools of a file");
  serve->add_option("FILE", command.file, "The file (docs/programs.md explains it)")->required();
  auto* const pipe =
      serve->add_flag("--stdio", command.stdio, "Serve one host over stdin and stdout");
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
  serve->add_option("--log", command.common.log, help_of_log)->type_name("WHAT");
  serve->add_option("--log-format", command.common.log_format, help_of_log_format)
      ->type_name("FORMAT");
  serve->add_option("--tls-certificate", command.common.tls_certificate, help_of_tls_certificate)
      ->type_name("FILE")
      ->excludes(pipe);
  serve->add_option("--tls-key", command.common.tls_key, help_of_tls_key)
      ->type_name("FILE")
      ->excludes(pipe);
  serve->add_option("--operator", command.common.operators, help_of_operator)
      ->type_name("ADDRESS:PORT");
  serve->add_option("--drain-grace", command.common.drain_grace, help_of_drain_grace())
      ->type_name("TIME");
  serve->add_flag("--check", command.check_only, "Only say whether the file is right");
  serve->footer(
      "The command line overrides the file. Exit codes: 0 done, 1 failed while serving, 2 wrong "
      "use "
      "or a fault in the file.\nExamples:\n"
      "  longhaul serve tools.toml --check\n"
      "  longhaul serve tools.toml --http 127.0.0.1:8080\n"
      "  claude mcp add tools -- longhaul serve /path/to/tools.toml --stdio");
}

}  // namespace longhaul
