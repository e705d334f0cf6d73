// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "run/operator_host.hpp"
#include "run/service.hpp"
#include "run/stop_signals.hpp"
#include "run/tunables.hpp"
#include "transport/stdio.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {

int serve_stdio(service& running) {
  wire::endpoint_options wire_options;
  wire_options.log = running.log();
  wire_options.secrets = {running.store().secret()};
  transport::stdio_options options;
  options.log = running.log();
  operator_host watched(running, {}, nullptr, nullptr);
  std::atomic<bool> stopping{false};
  options.on_end = [&] { stopping = true; };
  transport::stdio_server server(options, [&](std::shared_ptr<wire::outlet> out) {
    return wire::make_pipe_endpoint(running.dispatcher(), wire_options, std::move(out));
  });
  {
    const stop_signals signals([&](int) {
      if (stopping.exchange(true)) running.engine().hurry();
      server.stop();
    });
    running.start();
    watched.start();
    watched.tell(running);
    running.tell_tasks();
    server.run();
    running.log().info("server.drain", "the host has gone",
                       {{"running", running.engine().running()}});
    running.tell_stopping();
    // The calls of the host are cancelled; tasks that it may ask for later are handed back or fail.
    running.engine().drain(running.drain_grace(defaults::stdio_drain_grace),
                           run_tunables::stdio_stop_grace);
  }
  watched.stop();
  running.stop();
  return 0;
}

}  // namespace longhaul
