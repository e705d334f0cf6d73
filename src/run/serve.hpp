// SPDX-License-Identifier: Apache-2.0
// Serves a server until it is told to stop: what `longhaul::run` and `longhaul serve` share once
// their settings are read.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "longhaul/server.hpp"
#include "run/service.hpp"

namespace longhaul {

/// Without a store that is open already, `store_url` says which one; empty: the default one.
struct serve_settings : service_options {
  std::string store_url;
  std::string http;                          ///< `ADDRESS:PORT`; empty: stdio
  std::vector<std::string> allowed_hosts;    ///< more names in Host
  std::vector<std::string> allowed_origins;  ///< more origins of web pages
  transport::tls_files tls;                  ///< both empty: plain HTTP
};

inline constexpr int exit_failed = 1;  ///< while serving
inline constexpr int exit_usage = 2;   ///< wrong use

/// Opens /dev/null for standard streams that were given to us closed: nothing else may get their
/// numbers, or what is meant for people goes there. Before anything is opened.
void fill_standard_streams();

/// The exit code of the process. Says what went wrong. Once a process; ignores
/// SIGPIPE and SIGXFSZ from then on.
int serve(server& server, const serve_settings& settings, process_log& log);

/// Where tasks are kept, for `open_store`.
std::function<void(const std::string&)> tell_where_tasks_are(const process_log& log);

/// Says why a server did not start or go on; the exit code: `exit_usage` for invalid arguments.
int tell_failure(process_log& log, const std::exception& e);

}  // namespace longhaul
