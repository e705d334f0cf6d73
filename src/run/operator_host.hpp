// SPDX-License-Identifier: Apache-2.0
// The listener for whoever runs the server: API, page and figures (`operator/endpoint.hpp`), beside
// whatever serves callers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "open/running_servers.hpp"
#include "operator/endpoint.hpp"
#include "run/service.hpp"
#include "transport/http_server.hpp"
#include "transport/tls_identity.hpp"

namespace longhaul {

class operator_host {
 public:
  /// Listens, if the service's options ask for it. `callers`: the listener of callers, whose
  /// certificate and whose names count here, too. `figures`: of that listener, as long as this
  /// lives; null: there is none. Throws `std::invalid_argument` for settings that do not fit,
  /// `std::system_error`.
  operator_host(service& running, const http_settings& callers,
                const std::shared_ptr<transport::tls_identity>& tls,
                std::function<wire::http_figures()> figures);
  ~operator_host() { stop(); }
  operator_host(const operator_host&) = delete;
  operator_host& operator=(const operator_host&) = delete;

  /// Where the page is; empty: nobody asked for it.
  std::string url() const { return server_ ? server_->url() : std::string(); }
  /// The service has been started.
  void start();
  /// To whoever started the server, and to `longhaul admin`: where the page is.
  void tell(const service& running);
  /// Ends streams and connections. Before the engine ends. Idempotent.
  void stop();

 private:
  std::unique_ptr<operating::endpoint> endpoint_;  // null: nobody asked for it
  std::vector<transport::static_page> pages_;
  std::unique_ptr<transport::http_server> server_;
  std::optional<running_notice> notice_;
};

}  // namespace longhaul
