// SPDX-License-Identifier: Apache-2.0
// A service over HTTP: its endpoint and its listening sockets, from the settings to the end.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "run/service.hpp"
#include "transport/http_server.hpp"
#include "transport/tls_identity.hpp"
#include "wire/endpoints.hpp"

namespace longhaul {

class http_host {
 public:
  /// Listens. Throws `std::invalid_argument` for settings that do not fit, `std::system_error`.
  http_host(service& running, const http_settings& settings);

  /// Serves; the service has been started.
  void start() { server_->start(); }
  std::string url() const { return server_->url(); }
  /// Drains the engine, while callers may still read their tasks, and ends.
  void stop(std::chrono::milliseconds grace);

  wire::http_figures figures() const { return server_->figures(); }
  /// Null: plain HTTP.
  const std::shared_ptr<transport::tls_identity>& tls() const noexcept { return tls_; }

 private:
  service& running_;
  const std::shared_ptr<transport::tls_identity> tls_;
  const std::unique_ptr<wire::http_endpoint> endpoint_;
  std::unique_ptr<transport::http_server> server_;
};

}  // namespace longhaul
