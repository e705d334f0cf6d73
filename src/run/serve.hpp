// SPDX-License-Identifier: Apache-2.0
// Serves a server until it is told to stop: what `longhaul::run` and `longhaul serve` share once
// their settings are read.
#pragma once

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
};

inline constexpr int exit_failed = 1;  ///< while serving
inline constexpr int exit_usage = 2;   ///< wrong use

/// Opens /dev/null for standard streams that were given to us closed: nothing else may get their
/// numbers, or what is meant for people goes there. Before anything is opened.
void fill_standard_streams();

/// The exit code of the process. Says on standard error what went wrong. Once a process; ignores
/// SIGPIPE and SIGXFSZ from then on.
int serve(server& server, const serve_settings& settings);

}  // namespace longhaul
