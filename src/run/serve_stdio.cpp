// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <stop_token>
#include <thread>

#include "run/service.hpp"
#include "transport/stdio.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {

int serve_stdio(service& what) {
  wire::endpoint_options wire_options;
  wire_options.log = what.log();
  wire_options.secrets = {what.store().secret()};
  transport::stdio_server server(
      transport::stdio_options{}, [&](std::shared_ptr<wire::outlet> out) {
        return wire::make_pipe_endpoint(what.dispatcher(), wire_options, std::move(out));
      });
  what.start();

  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code error, int) {
    if (!error) server.stop();
  });
  {
    const std::jthread watch([&](const std::stop_token& over) {
      const std::stop_callback end(over,
                                   [&] { boost::asio::post(context, [&] { signals.cancel(); }); });
      context.run();
    });
    server.run();
  }
  // The host has gone: nobody can ask for what still runs.
  what.tell_stopping();
  what.engine().drain(std::chrono::milliseconds(0), stop_grace);
  what.stop();
  return 0;
}

}  // namespace longhaul
