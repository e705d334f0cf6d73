// SPDX-License-Identifier: Apache-2.0
#include "run/serve.hpp"

#include <fcntl.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>

#include "run/default_store.hpp"
#include "sqlite/store_url.hpp"

namespace longhaul {

void log_to_stderr(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cerr << line << std::endl;
}

namespace {

std::shared_ptr<stores::store> open_store_for(const server& server,
                                              const serve_settings& settings) {
  if (!settings.store_url.empty()) {
    return sqlite::open_store(sqlite::parse_store_url(settings.store_url));
  }
  if (server.options().store) return server.options().store;
  std::string path;
  return open_default_store(default_state_folder(), server.options().name, settings.http.empty(),
                            settings.log, path);
}

}  // namespace

void fill_standard_streams() {
  for (int stream = 0; stream <= 2; ++stream) {
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != stream)
      std::_Exit(exit_failed);
  }
}

int serve(server& server, const serve_settings& settings) {
  const std::string& name = server.options().name;
  try {
    // Replies to a peer that went away are errors of that peer, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a full disk to us
    service_options options = settings;
    if (!options.store) options.store = open_store_for(server, settings);
    service running(server, options);
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
