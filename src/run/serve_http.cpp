// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <memory>
#include <utility>

#include "base/mutex.hpp"
#include "run/http_host.hpp"
#include "run/operator_host.hpp"
#include "run/stop_signals.hpp"
#include "transport/tls_identity.hpp"

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

}  // namespace

int serve_http(service& running, const http_settings& settings) {
  http_host host(running, settings);
  const auto& tls = host.tls();
  operator_host watched(running, settings, tls, [&host] { return host.figures(); });
  {
    first_signal signal(running.engine(), reload_of(tls, running.log()));
    running.start();
    host.start();
    running.told().announce(log_level::info, "server.start", "listening on " + host.url());
    watched.start();
    watched.tell(running);
    if (tls) running.log().info("tls.start", {}, {{"valid_until", tls->valid_until()}});
    running.tell_tasks();
    running.tell_how_to_connect(host.url());
    signal.wait();
    const auto grace = running.drain_grace(defaults::http_drain_grace);
    running.log().info("server.drain",
                       "stopping: running work has its grace; signal again to hurry",
                       {{"grace_ms", grace.count()}, {"running", running.engine().running()}});
    host.stop(grace);
  }
  watched.stop();
  running.stop();
  return 0;
}

}  // namespace longhaul
