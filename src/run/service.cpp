// SPDX-License-Identifier: Apache-2.0
#include "run/service.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "server/registry.hpp"

namespace longhaul {
namespace {

tasks::engine_options engine_options_for(const server_options& options,
                                         std::shared_ptr<stores::store> store,
                                         std::function<void(const std::string&)> log) {
  tasks::engine_options result;
  result.store = std::move(store);
  result.max_running = options.max_running;
  result.max_parked = options.max_parked;
  result.bounds.open_per_quota = options.max_open_per_owner;
  result.bounds.open_total = options.max_open;
  result.default_retention = options.retention;
  result.max_retention = options.max_retention;
  result.log = std::move(log);
  return result;
}

}  // namespace

service::service(const server& definition, std::shared_ptr<stores::store> store,
                 std::function<void(const std::string&)> log)
    : definition_(definition),
      engine_(engine_options_for(definition.options(), std::move(store), std::move(log))),
      dispatcher_(definition.tools(), engine_) {
  for (const auto& tool : definition_.tools().all()) engine_.add_tool(tool->definition);
}

void service::start() { engine_.start(); }

void service::stop(const std::function<void(const std::string&)>& log) {
  if (const std::size_t left = engine_.running(); left > 0) {
    log(std::to_string(left) + " handlers ignore that they should stop; leaving them");
    std::_Exit(0);
  }
  engine_.stop();
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
