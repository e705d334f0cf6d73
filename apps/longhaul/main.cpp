// SPDX-License-Identifier: Apache-2.0
// `longhaul`: the executable. CLI11 stays in this translation unit.
#include <CLI/CLI.hpp>
#include <iostream>

#include "serve.hpp"

int main(int argc, char** argv) {
  CLI::App app("longhaul: serves programs as long-running MCP tools");
  app.set_version_flag("--version", "longhaul " LONGHAUL_VERSION);
  app.require_subcommand(1);

  longhaul::serve_command what;
  bool stdio = false;
  CLI::App* const serve = app.add_subcommand("serve", "Serve the tools of a file");
  serve->add_option("FILE", what.file, "The file (docs/programs.md explains it)")->required();
  auto* const pipe = serve->add_flag("--stdio", stdio, "Serve one host over stdin and stdout");
  serve->add_option("--http", what.http, "Serve hosts over HTTP at http://ADDRESS:PORT/mcp")
      ->type_name("ADDRESS:PORT")
      ->excludes(pipe);
  serve
      ->add_option(
          "--store", what.store,
          "Where tasks are kept: sqlite:PATH, or memory: (as long as the server runs). If not "
          "said: $XDG_STATE_HOME/longhaul/NAME.db, NAME being the server's")
      ->type_name("URL");
  serve->add_flag("--check", what.check_only, "Only say whether the file is right");
  serve->footer(
      "The command line overrides the file. Exit codes: 0 done, 1 failed while serving, 2 wrong "
      "use "
      "or a fault in the file.\nExamples:\n"
      "  longhaul serve tools.toml --check\n"
      "  longhaul serve tools.toml --http 127.0.0.1:8080\n"
      "  claude mcp add tools -- longhaul serve /path/to/tools.toml --stdio");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  if (stdio) what.stdio = true;
  return longhaul::run_serve(what);
}
