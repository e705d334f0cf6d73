// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "base/web_origin.hpp"
#include "run/service.hpp"
#include "transport/http_server.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {
namespace {

// Blocks until SIGTERM or SIGINT.
void wait_for_signal(boost::asio::io_context& context, boost::asio::signal_set& signals) {
  bool came = false;
  signals.async_wait([&](boost::system::error_code error, int) { came = !error; });
  context.restart();
  while (!came && context.run_one() > 0) {
  }
}

// Throws `std::invalid_argument`.
void check(const http_address& address, bool with_keys) {
  for (const std::string& origin : address.allowed_origins) {
    std::string_view why = origin_fault(origin);
    if (is_every_origin(origin) && !with_keys) why = every_origin_fault;
    if (!why.empty()) {
      throw std::invalid_argument("the allowed origin \"" + origin + "\" " + std::string(why));
    }
  }
  if (address.max_body_memory < least_body_memory) {
    throw std::invalid_argument("max_body_memory must be at least " +
                                std::to_string(least_body_memory) + " bytes");
  }
}

}  // namespace

int serve_http(service& what, const http_address& address) {
  check(address, !what.definition().keys.empty());
  wire::endpoint_options wire_options;
  wire_options.secrets = {what.store().secret()};
  wire_options.log = what.log();
  wire_options.max_sessions = what.definition().max_sessions;
  wire_options.max_sessions_per_caller = what.definition().max_sessions_per_caller;
  if (what.options().identify) wire_options.identify = what.options().identify;
  const auto endpoint = wire::make_http_endpoint(what.dispatcher(), wire_options);

  transport::http_options options;
  options.address = address.host;
  options.port = address.port;
  options.hosts = address.allowed_hosts;
  options.origins = address.allowed_origins;
  options.max_body_memory = address.max_body_memory;
  options.log = what.log();
  options.not_ready = [&what] {
    if (what.engine().draining()) return std::string("draining");
    if (std::string trouble = what.store().trouble(); !trouble.empty()) return trouble;
    serving::output_source* const outputs = what.options().outputs;
    return outputs != nullptr ? outputs->trouble() : std::string();
  };
  auto server = std::make_unique<transport::http_server>(std::move(options), *endpoint);

  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  what.start();
  server->start();
  what.told().announce(log_level::info, "server.start", "listening on " + server->url());

  wait_for_signal(context, signals);
  what.log().info("server.drain", "stopping: running work has " +
                                      std::to_string(drain_grace.count() / 1000) +
                                      " s; signal again to hurry");
  what.tell_stopping();
  // Callers may still read their tasks while running work gets its grace.
  std::thread hurry([&] {
    wait_for_signal(context, signals);
    what.engine().drain(drain_grace, stop_grace);
  });
  what.engine().drain(drain_grace, stop_grace);
  server->stop(reply_grace);
  boost::asio::post(context, [&] { signals.cancel(); });
  hurry.join();
  what.stop();
  return 0;
}

}  // namespace longhaul
