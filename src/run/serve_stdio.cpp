// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "run/service.hpp"
#include "run/stop_signals.hpp"
#include "transport/stdio.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {

int serve_stdio(service& what) {
  wire::endpoint_options wire_options;
  wire_options.log = what.log();
  wire_options.secrets = {what.store().secret()};
  transport::stdio_options options;
  options.log = what.log();
  std::atomic<bool> stopping{false};
  options.on_end = [&] { stopping = true; };
  transport::stdio_server server(options, [&](std::shared_ptr<wire::outlet> out) {
    return wire::make_pipe_endpoint(what.dispatcher(), wire_options, std::move(out));
  });
  {
    const stop_signals signals([&](int) {
      if (stopping.exchange(true)) what.engine().hurry();
      server.stop();
    });
    what.start();
    what.tell_tasks();
    server.run();
    what.log().info("server.drain", "the host has gone", {{"running", what.engine().running()}});
    what.tell_stopping();
    // The calls of the host are cancelled; tasks that it may ask for later are handed back or fail.
    what.engine().drain(what.drain_grace(stdio_drain_grace), stdio_stop_grace);
  }
  what.stop();
  return 0;
}

}  // namespace longhaul
