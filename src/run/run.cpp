// SPDX-License-Identifier: Apache-2.0
// The command line of a server. CLI11 stays in this translation unit.
#include "longhaul/run.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "open/default_store.hpp"
#include "run/command_line.hpp"
#include "run/serve.hpp"
#include "server/catalog.hpp"
#include "typed/rules.hpp"

namespace longhaul {

namespace {

void add_common_options(CLI::App& app, common_options& given, CLI::Option* pipe) {
  app.add_option("--log", given.log, help_of_log)->type_name("WHAT");
  app.add_option("--log-format", given.log_format, help_of_log_format)->type_name("FORMAT");
  app.add_option("--tls-certificate", given.tls_certificate, help_of_tls_certificate)
      ->type_name("FILE")
      ->excludes(pipe);
  app.add_option("--tls-key", given.tls_key, help_of_tls_key)->type_name("FILE")->excludes(pipe);
  app.add_option("--operator", given.operators, help_of_operator)->type_name("ADDRESS:PORT");
  app.add_option("--drain-grace", given.drain_grace, help_of_drain_grace())->type_name("TIME");
}

}  // namespace

int run(server& server, int argc, char** argv) {
  fill_standard_streams();
  const server_options& about = server.options();
  CLI::App app(about.name + ": an MCP server for long-running tools (Longhaul)");
  app.set_version_flag("--version", about.name + " " + about.version);
  bool stdio = false;
  serve_settings settings;
  auto* const pipe =
      app.add_flag("--stdio", stdio, "Serve one host over stdin and stdout (default)");
  app.add_option("--http", settings.http,
                 "Serve hosts over Streamable HTTP at http://ADDRESS:PORT/mcp; port 0 "
                 "takes a free one")
      ->type_name("ADDRESS:PORT")
      ->excludes(pipe);
  app.add_option("--allow-host", settings.allowed_hosts,
                 "One more name that clients may use for this server (Host)")
      ->type_name("NAME");
  app.add_option("--allow-origin", settings.allowed_origins,
                 "One more site whose pages may use this server, as https://app.example")
      ->type_name("ORIGIN");
  app.add_option(
         "--store", settings.store_url,
         "Where tasks are kept: sqlite:PATH, postgres://USER@HOST/DATABASE (many servers may share "
         "one), or memory: (as long as the server runs). If "
         "not said: " +
             (about.store ? std::string("what the program chose")
                          : "sqlite:" + default_store_file("$XDG_STATE_HOME/longhaul", about.name)))
      ->type_name("URL");
  common_options common;
  add_common_options(app, common, pipe);
  app.footer(
      "SIGTERM, SIGINT and SIGHUP drain: no new work, running work gets its grace. Over TLS SIGHUP "
      "reads certificate and key again instead. Exit codes: 0 done, 1 failed while serving, 2 "
      "wrong use.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : exit_usage;
  }
  log_settings logging;
  try {
    logging = log_settings_of(common, about);
    settings.drain_grace = drain_grace_of(common, about);
    settings.tls = tls_files_of(common, about);
    settings.operators = operators_of(common, about);
  } catch (const std::invalid_argument& e) {
    std::cerr << about.name << ": " << e.what() << std::endl;
    return exit_usage;
  }
  process_log log(logging, !settings.http.empty());
  for (const auto& tool : server.features().entries()) {
    const std::string& name = tool->definition.options.name;
    if (const std::string why = detail::name_warning(name); !why.empty()) {
      log.log().warning("tool.name", "the tool's name " + why, {{"tool", name}});
    }
  }
  return serve(server, settings, log);
}

}  // namespace longhaul
