// SPDX-License-Identifier: Apache-2.0
#include "run/serve.hpp"

#include <csignal>
#include <iostream>
#include <mutex>

namespace longhaul {

void log_to_stderr(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cerr << line << std::endl;
}

int serve(server& server, const serve_settings& settings) {
  const std::string& name = server.options().name;
  try {
    // Replies to a peer that went away are errors of that peer, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    service running(server, settings);
    if (settings.http.empty()) return serve_stdio(running);
    http_address address = parse_http_address(settings.http);
    address.allowed_hosts = settings.allowed_hosts;
    address.allowed_origins = settings.allowed_origins;
    return serve_http(running, address);
  } catch (const std::invalid_argument& e) {
    log_to_stderr(name + ": " + e.what());
    return exit_usage;
  } catch (const std::exception& e) {
    log_to_stderr(name + ": " + e.what());
    return exit_failed;
  }
}

}  // namespace longhaul
