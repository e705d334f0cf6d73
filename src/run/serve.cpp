// SPDX-License-Identifier: Apache-2.0
#include "run/serve.hpp"

#include <fcntl.h>

#include <csignal>
#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "auth/identify.hpp"
#include "open/open_store.hpp"
#include "run/stop_signals.hpp"
#include "run/tunables.hpp"

namespace longhaul {

namespace {

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

store_choice choice_of(const server_options& server, const serve_settings& settings) {
  store_choice choice;
  choice.url = settings.store_url;
  choice.opened = server.store;
  choice.server = server.name;
  choice.several = settings.http.empty();
  return choice;
}

// As OpenTelemetry's variables have it.
std::optional<telemetry::trace_settings> traces_of(const server_options& about) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  const auto variable = [](const char* name) { return std::getenv(name); };
  return telemetry::trace_settings_from(variable, about.name);
}

// By itself glibc learns from the first large block that is freed to keep those of its size, in the
// heap of every thread that had one.
void give_back_large_blocks() {
#if defined(__GLIBC__)
  // NOLINTBEGIN(concurrency-mt-unsafe): before any thread
  ::mallopt(M_MMAP_THRESHOLD, run_tunables::large_block);
  ::mallopt(M_TRIM_THRESHOLD, run_tunables::kept_heap);
  // NOLINTEND(concurrency-mt-unsafe)
#endif
}

}  // namespace

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
    give_back_large_blocks();
    service_options options = settings;
    auth::check_callers(server.options());
    http_settings http;
    if (!settings.http.empty()) {
      http = http_settings_of(server.options(), settings.http);
      append(http.allowed_hosts, settings.allowed_hosts);
      append(http.allowed_origins, settings.allowed_origins);
      http.tls = settings.tls;
      options.identifier = auth::identify_by(server.options(), http.host);
    }
    end_on_early_signals();
    options.traces = traces_of(server.options());
    if (!options.store) {
      opened_store opened =
          open_store(choice_of(server.options(), settings), tell_where_tasks_are(log));
      options.store = std::move(opened.store);
      options.kept_in = std::move(opened.kept_in);
    }
    if (options.traces && options.store->durable() && !server.options().store) {
      options.traces->store_system = options.store->exclusive() ? "sqlite" : "postgresql";
    }
    service running(server, options, log);
    if (options.traces) {
      const std::string& to = options.traces->endpoint;  // its query may hold a key
      log.log().info("traces.start", "traces of tasks go to " + to.substr(0, to.find('?')));
    }
    try {
      return settings.http.empty() ? serve_stdio(running) : serve_http(running, http);
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
