// SPDX-License-Identifier: Apache-2.0
// The command line of a server. CLI11 stays in this translation unit.
#include "longhaul/run.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <mutex>

#include "run/service.hpp"
#include "stores/memory_store.hpp"

namespace longhaul {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

void log_line(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cerr << line << std::endl;
}

std::shared_ptr<stores::store> open_store(const std::string& url) {
  if (url != "memory:") {
    throw std::invalid_argument("\"" + url + "\" is not a store this build has: write memory:");
  }
  return std::make_shared<stores::memory_store>(stores::memory_options{}, system_clock());
}

}  // namespace

int run(server& server, int argc, char** argv) {
  const server_options& about = server.options();
  CLI::App app(about.name + ": an MCP server for long-running tools (Longhaul)");
  app.set_version_flag("--version", about.name + " " + about.version);
  bool stdio = false;
  std::string http, store = "memory:";
  std::vector<std::string> hosts, origins;
  auto* const pipe =
      app.add_flag("--stdio", stdio, "Serve one host over stdin and stdout (default)");
  app.add_option("--http", http,
                 "Serve hosts over Streamable HTTP at http://ADDRESS:PORT/mcp; port 0 "
                 "takes a free one")
      ->type_name("ADDRESS:PORT")
      ->excludes(pipe);
  app.add_option("--allow-host", hosts, "One more name that clients may use for this server (Host)")
      ->type_name("NAME");
  app.add_option("--allow-origin", origins,
                 "One more site whose pages may use this server, as https://app.example")
      ->type_name("ORIGIN");
  app.add_option("--store", store, "Where tasks are kept; memory: keeps them while the server runs")
      ->type_name("URL")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, std::cout, std::cerr) == 0 ? 0 : exit_usage;
  }
  try {
    // Replies to a peer that went away are errors of that peer, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    service running(server, open_store(store), log_line);
    if (http.empty()) return serve_stdio(running, log_line);
    http_address address = parse_http_address(http);
    address.allowed_hosts = hosts;
    address.allowed_origins = origins;
    return serve_http(running, address, log_line);
  } catch (const std::invalid_argument& e) {
    std::cerr << about.name << ": " << e.what() << std::endl;
    return exit_usage;
  } catch (const std::exception& e) {
    std::cerr << about.name << ": " << e.what() << std::endl;
    return exit_failed;
  }
}

}  // namespace longhaul
