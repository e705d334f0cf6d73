// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/mutex.hpp"
#include "base/web_origin.hpp"
#include "run/service.hpp"
#include "run/stop_signals.hpp"
#include "run/tunables.hpp"
#include "transport/http_server.hpp"
#include "transport/tls_identity.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {
namespace {

// Tells the thread that serves of the first signal; each further one cuts the drain short.
class first_signal {
 public:
  first_signal(tasks::engine& engine, std::function<void()> on_hangup)
      : signals_(
            [this, &engine](int number) {
              {
                const guard lock(mutex_);
                came_ = true;
                changed_.notify_all();
              }
              if (number > 1) engine.hurry();
            },
            std::move(on_hangup)) {}
  void wait() {
    guard lock(mutex_);
    while (!came_) changed_.wait(lock);
  }

 private:
  guarded_mutex mutex_;
  condition changed_;
  bool came_ LONGHAUL_GUARDED_BY(mutex_) = false;
  stop_signals signals_;  // last: its thread uses the rest
};

// What SIGHUP does over TLS. Without TLS: nothing of its own.
std::function<void()> reload_of(const std::shared_ptr<transport::tls_identity>& tls,
                                const logger& log) {
  if (!tls) return {};
  return [tls, log] {
    try {
      tls->reload();
      log.info("tls.reloaded", "new connections get the new certificate",
               {{"valid_until", tls->valid_until()}});
    } catch (const std::exception& e) {
      log.error("tls.reload_failed", std::string(e.what()) + "; the old certificate stays");
    }
  };
}

// Throws `std::invalid_argument`.
void check(const http_settings& settings, bool with_keys) {
  for (const std::string& origin : settings.allowed_origins) {
    std::string_view why = origin_fault(origin);
    if (is_every_origin(origin) && !with_keys) why = every_origin_fault;
    if (!why.empty()) {
      throw std::invalid_argument("the allowed origin \"" + origin + "\" " + std::string(why));
    }
  }
  if (settings.max_body_memory < least_body_memory) {
    throw std::invalid_argument("max_body_memory must be at least " +
                                std::to_string(least_body_memory) + " bytes");
  }
}

}  // namespace

int serve_http(service& running, const http_settings& settings) {
  check(settings, !running.definition().keys.empty());
  const auto tls =
      settings.tls.given() ? std::make_shared<transport::tls_identity>(settings.tls) : nullptr;
  wire::endpoint_options wire_options;
  wire_options.secrets = {running.store().secret()};
  wire_options.log = running.log();
  wire_options.max_sessions = running.definition().max_sessions;
  wire_options.max_sessions_per_caller = running.definition().max_sessions_per_caller;
  const auto endpoint = wire::make_http_endpoint(running.dispatcher(), wire_options);

  transport::http_options options;
  options.address = settings.host;
  options.port = settings.port;
  options.hosts = settings.allowed_hosts;
  options.origins = settings.allowed_origins;
  options.max_body_memory = settings.max_body_memory;
  options.identifier = running.options().identifier;
  options.tls = tls;
  options.log = running.log();
  options.not_ready = [&running] {
    if (running.engine().draining()) return std::string("draining");
    if (std::string trouble = running.store().trouble(); !trouble.empty()) return trouble;
    serving::output_source* const outputs = running.options().outputs;
    return outputs != nullptr ? outputs->trouble() : std::string();
  };
  auto server = std::make_unique<transport::http_server>(std::move(options), *endpoint);

  {
    first_signal signal(running.engine(), reload_of(tls, running.log()));
    running.start();
    server->start();
    running.told().announce(log_level::info, "server.start", "listening on " + server->url());
    if (tls) running.log().info("tls.start", {}, {{"valid_until", tls->valid_until()}});
    running.tell_tasks();
    running.tell_how_to_connect(server->url());
    signal.wait();
    const auto grace = running.drain_grace(defaults::http_drain_grace);
    running.log().info("server.drain",
                       "stopping: running work has its grace; signal again to hurry",
                       {{"grace_ms", grace.count()}, {"running", running.engine().running()}});
    running.tell_stopping();
    // Callers may still read their tasks while running work gets its grace.
    running.engine().drain(grace, run_tunables::http_stop_grace);
    server->stop(run_tunables::reply_grace);
  }
  running.stop();
  return 0;
}

}  // namespace longhaul
