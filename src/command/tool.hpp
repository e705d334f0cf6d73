// SPDX-License-Identifier: Apache-2.0
// From a program's description to a tool: schema, check of arguments, and a coroutine handler that
// runs the program under `longhaul-run`, follows what it prints and says, and makes a result of it.
//
// Threads: the definition is immutable and may be used on any; each run is one coroutine (with two
// more beside it) on the handler's thread.
#pragma once

#include <memory>

#include "command/program_run.hpp"
#include "command/spec.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::command {

/// Throws `std::invalid_argument` for a description that does not hold together (the reader of the
/// server's file finds that earlier, and says where).
tool_definition make_program_tool(tool_spec spec, std::shared_ptr<const program_host> host);

}  // namespace longhaul::command
