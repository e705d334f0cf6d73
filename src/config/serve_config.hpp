// SPDX-License-Identifier: Apache-2.0
// What `longhaul serve` is told by its file: plain data. docs/programs.md describes the keys.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "command/feature_spec.hpp"
#include "command/spec.hpp"
#include "longhaul/rate_limit.hpp"
#include "longhaul/server.hpp"
#include "longhaul/task.hpp"

namespace longhaul::config {

struct serve_config {
  server_options server = {};
  std::string listen = {};  ///< ADDRESS:PORT; empty: not said
  bool stdio = false;
  std::string store = {};      ///< URL; empty: not said
  std::string state_dir = {};  ///< absolute; empty: not said
  /// Bytes of each stream of a program that a store of many servers keeps, the newest.
  std::size_t output_shared = defaults::output_shared;
  std::vector<std::string> allow_hosts = {}, allow_origins = {};
  rate_limits rates = {};  ///< those of tools included
  bool audit = false, audit_arguments = false;
  std::vector<command::tool_spec> tools = {};
  std::vector<command::resource_spec> resources = {};  ///< and templates
  std::vector<command::prompt_spec> prompts = {};
};

/// What is no fault, but likely not what was meant, given how it will be served. A line each.
std::vector<std::string> warnings_of(const serve_config& config);

}  // namespace longhaul::config
