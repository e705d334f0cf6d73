// SPDX-License-Identifier: Apache-2.0
// How `longhaul call`, `tools` and `tasks` end, for scripts.
#pragma once

#include "longhaul/client_error.hpp"
#include "longhaul/tool_call.hpp"

namespace longhaul {

enum class exit_code : int {
  done = 0,
  tool_error = 1,  ///< the tool says that it failed
  usage = 2,       ///< wrong use, or the server refuses the request
  failed = 3,      ///< the task failed
  cancelled = 4,
  waits = 5,        ///< for an answer
  unreachable = 6,  ///< the server is, or the connection was lost
  time_limit = 7,   ///< of the tool: it took too long
  timed_out = 124   ///< --timeout is over, as timeout(1) has it
};

exit_code exit_code_of(const call_outcome& end);
exit_code exit_code_of(const client_error& why);

}  // namespace longhaul
