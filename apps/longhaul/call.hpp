// SPDX-License-Identifier: Apache-2.0
// `longhaul call SERVER TOOL key=value…`: calls a tool and waits for its result; `longhaul tools`:
// what there is to call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "answering.hpp"
#include "following.hpp"
#include "longhaul/clock.hpp"
#include "remote.hpp"

namespace longhaul {

struct call_command {
  remote_options remote;
  std::string tool;
  std::vector<std::string> words;  ///< arguments
  answering_options answering;
  bool detach = false;  ///< as soon as there is a task
  bool follow = false;  ///< with json: an object for each change
  bool tasks = true;
  std::string timeout, ttl, idempotency_key;
};
int run_call(const call_command& command);

struct tools_command {
  remote_options remote;
  std::string tool;  ///< empty: all
};
int run_tools(const tools_command& command);

/// What `text` of the option `name` says. Throws `std::invalid_argument`.
std::optional<milliseconds> time_of(const std::string& name, const std::string& text);

/// Follows calls that have begun, with Ctrl-C: once leaves tasks (and says how they are found) and
/// cancels plain calls, twice cancels tasks as well.
void follow_to_end(following& calls, seat& at, bool programs);

}  // namespace longhaul
