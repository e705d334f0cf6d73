// SPDX-License-Identifier: Apache-2.0
// From a program's description to a tool: schema, check of arguments, and a coroutine handler that
// runs the program under `longhaul-run`, follows what it prints and says, and makes a result of it.
//
// Threads: the definition is immutable and may be used on any; each run is one coroutine (with two
// more beside it) on the handler's thread.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "command/spec.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::command {

class output_folder;

/// What all programs of a server share.
struct program_host {
  std::string helper;                     ///< path of `longhaul-run`
  std::shared_ptr<output_folder> output;  ///< required
  std::vector<std::string> environment;   ///< of the server, `NAME=value`: what may be passed on
  /// Requested once the server is about to end: runs that are stopped are left to their helpers
  /// then.
  std::stop_token leaving = {};
  logger log = {};  ///< is told what callers are not: paths
};

/// Throws `std::invalid_argument` for a description that does not hold together (the reader of the
/// server's file finds that earlier, and says where).
tool_definition make_program_tool(tool_spec spec, std::shared_ptr<const program_host> host);

}  // namespace longhaul::command
