// SPDX-License-Identifier: Apache-2.0
#include "run/service.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "server/registry.hpp"

namespace longhaul {
namespace {

tasks::engine_options engine_options_for(const server_options& options, const service_options& more,
                                         const logger& log) {
  tasks::engine_options result;
  result.store = more.store;
  result.max_running = options.max_running;
  result.max_parked = options.max_parked;
  result.bounds.open_per_quota = options.max_open_per_owner;
  result.bounds.open_total = options.max_open;
  result.bounds.stored_per_quota = options.max_stored_per_owner;
  result.bounds.stored_total = options.max_stored;
  result.limits = options.limits;
  result.default_retention = options.retention;
  result.max_retention = options.max_retention;
  result.log = log;
  result.on_removed = more.on_removed;
  return result;
}

const serving::registry& tools_of(server& definition) {
  if (definition.options().fallback_tools) definition.tools().add_fallback_tools();
  return definition.tools();
}

}  // namespace

service::service(server& definition, service_options options, process_log& log)
    : options_(std::move(options)),
      log_(log),
      definition_(definition),
      engine_(engine_options_for(definition.options(), options_, log.log())),
      dispatcher_(tools_of(definition), engine_,
                  {definition.options().inline_limit, options_.outputs}) {
  for (const auto& tool : definition_.tools().all()) engine_.add_tool(tool->definition);
}

void service::start() { engine_.start(); }

void service::stop() {
  if (const std::size_t left = engine_.running(); left > 0) {
    log().warning("server.stop", "handlers ignore that they should stop; leaving them",
                  {{"handlers", left}});
    log_.flush();
    std::_Exit(0);
  }
  engine_.stop();
  options_.store->close();
}

http_address parse_http_address(const std::string& text) {
  const auto fail = [&]() -> http_address {
    throw std::invalid_argument("\"" + text +
                                "\" is not an address: write HOST:PORT, as in 127.0.0.1:8080");
  };
  const auto colon = text.rfind(':');
  http_address result;
  result.host = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (result.host.size() > 2 && result.host.front() == '[' && result.host.back() == ']') {
    result.host = result.host.substr(1, result.host.size() - 2);
  } else if (result.host.find(':') != std::string::npos) {
    return fail();
  }
  if (result.host.empty()) return fail();
  if (result.host == "localhost") result.host = "127.0.0.1";
  const char* end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, result.port);
  if (port.empty() || error != std::errc() || stop != end) return fail();
  return result;
}

}  // namespace longhaul
