// SPDX-License-Identifier: Apache-2.0
#include "run/http_host.hpp"

#include <stdexcept>
#include <utility>

#include "base/web_origin.hpp"
#include "run/tunables.hpp"

namespace longhaul {
namespace {

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

std::shared_ptr<transport::tls_identity> identity_of(const service& running,
                                                     const http_settings& settings) {
  check(settings, !running.definition().keys.empty());
  return settings.tls.given() ? std::make_shared<transport::tls_identity>(settings.tls) : nullptr;
}

wire::endpoint_options endpoint_options_of(service& running) {
  wire::endpoint_options wire_options;
  wire_options.secrets = {running.store().secret()};
  wire_options.log = running.log();
  wire_options.max_sessions = running.definition().max_sessions;
  wire_options.max_sessions_per_caller = running.definition().max_sessions_per_caller;
  return wire_options;
}

transport::http_options http_options_of(service& running, const http_settings& settings) {
  transport::http_options options;
  options.address = settings.host;
  options.port = settings.port;
  options.hosts = settings.allowed_hosts;
  options.origins = settings.allowed_origins;
  options.max_body_memory = settings.max_body_memory;
  options.identifier = running.options().identifier;
  options.log = running.log();
  options.not_ready = [&running] { return running.not_ready(); };
  options.threads = settings.threads;
  return options;
}

}  // namespace

http_settings http_settings_of(const server_options& about, std::string_view address) {
  http_settings result;
  static_cast<http_address&>(result) = parse_http_address(address);
  result.tls = {about.tls_certificate, about.tls_key};
  result.allowed_hosts = about.allow_hosts;
  result.allowed_origins = about.allow_origins;
  result.max_body_memory = about.max_body_memory;
  return result;
}

http_host::http_host(service& running, const http_settings& settings)
    : running_(running),
      tls_(identity_of(running, settings)),
      endpoint_(wire::make_http_endpoint(running.dispatcher(), endpoint_options_of(running))) {
  transport::http_options options = http_options_of(running, settings);
  options.tls = tls_;
  server_ = std::make_unique<transport::http_server>(std::move(options), *endpoint_);
}

void http_host::stop(std::chrono::milliseconds grace) {
  running_.tell_stopping();
  running_.engine().drain(grace, run_tunables::http_stop_grace);
  server_->stop(run_tunables::reply_grace);
}

}  // namespace longhaul
