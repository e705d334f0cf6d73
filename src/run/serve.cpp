// SPDX-License-Identifier: Apache-2.0
#include "run/serve.hpp"

#include <fcntl.h>

#include <csignal>
#include <cstdlib>

#include "run/default_store.hpp"
#include "run/identify.hpp"
#include "run/stop_signals.hpp"
#include "sqlite/store_url.hpp"

namespace longhaul {

namespace {

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

void open_store_for(const server& server, const serve_settings& settings, const process_log& log,
                    service_options& into) {
  if (!settings.store_url.empty()) {
    const sqlite::store_url url = sqlite::parse_store_url(settings.store_url);
    into.store = sqlite::open_store(url);
    into.kept_in = place_of(url);
  } else if (server.options().store) {
    into.store = server.options().store;
    into.kept_in = "the store of the program";
  } else {
    into.store = open_default_store(default_state_folder(), server.options().name,
                                    settings.http.empty(), tell_where_tasks_are(log), into.kept_in);
  }
}

}  // namespace

std::string place_of(const sqlite::store_url& url) {
  return url.in_memory ? "memory: they end with this process" : url.path;
}

std::function<void(const std::string&)> tell_where_tasks_are(const process_log& log) {
  return [&log](const std::string& text) { log.announce(log_level::notice, "store.open", text); };
}

void fill_standard_streams() {
  for (int stream = 0; stream <= 2; ++stream) {
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != stream)
      std::_Exit(exit_failed);
  }
}

int serve(server& server, const serve_settings& settings, process_log& log) {
  if (!server.faults().empty()) {
    for (const std::string& fault : server.faults()) {
      log.announce(log_level::error, "server.tool_fault", fault);
    }
    return exit_usage;
  }
  try {
    // Replies to a peer that went away are errors of that peer, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a full disk to us
    service_options options = settings;
    check_callers(server.options());
    http_address address;
    if (!settings.http.empty()) {
      address = parse_http_address(settings.http);
      options.identify = identify_by(server.options(), address.host);
    }
    end_on_early_signals();
    if (!options.store) open_store_for(server, settings, log, options);
    service running(server, options, log);
    const server_options& about = server.options();
    address.allowed_hosts = joined(about.allow_hosts, settings.allowed_hosts);
    address.allowed_origins = joined(about.allow_origins, settings.allowed_origins);
    address.max_body_memory = about.max_body_memory;
    try {
      return settings.http.empty() ? serve_stdio(running) : serve_http(running, address);
    } catch (const std::exception& e) {
      const int code = tell_failure(log, e);
      running.fail(code);  // a handler that ignores its stop token must not keep the process
      return code;
    }
  } catch (const std::exception& e) {
    return tell_failure(log, e);
  }
}

int tell_failure(process_log& log, const std::exception& e) {
  log.announce(log_level::error, "server.failed", e.what());
  return dynamic_cast<const std::invalid_argument*>(&e) != nullptr ? exit_usage : exit_failed;
}

}  // namespace longhaul
