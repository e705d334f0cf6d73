// SPDX-License-Identifier: Apache-2.0
// What the official suite expects a server to offer, beside the tools of server.cpp.
#pragma once

#include <longhaul/longhaul.hpp>

namespace conformance {

/// A tool that never makes a task.
inline longhaul::tool_options plain(std::string name, std::string description) {
  longhaul::tool_options options;
  options.name = std::move(name);
  options.description = std::move(description);
  options.policy = longhaul::task_policy::never;
  return options;
}

void add_prompts(longhaul::server& server);
void add_resources(longhaul::server& server);
/// Sampling, elicitation and roots.
void add_questions(longhaul::server& server);
/// What changes lists, logs, and wants capabilities. `server` must outlive its run.
void add_notices(longhaul::server& server);

}  // namespace conformance
