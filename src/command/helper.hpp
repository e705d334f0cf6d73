// SPDX-License-Identifier: Apache-2.0
// The end of a helper (`longhaul-run`), seen from the server. A helper leaves nothing behind unless
// it is killed itself; then what is left is found by its session, whose id is the helper's and
// cannot be anybody else's while the helper's status has not been collected.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include "command/descriptor.hpp"
#include "command/process_table.hpp"

namespace longhaul::command {

struct helper_end {
  bool known = false;  ///< false: somebody else collected its status, or it still runs
  int code = 0;
  int signal = 0;  ///< 0: it exited with `code`
  /// It did its work to the end: nothing of its program is left.
  bool clean() const noexcept { return known && code == 0 && signal == 0; }
};

/// How it ended, without collecting its status. Does not block.
helper_end look_at_helper(int pidfd) noexcept;

/// Collects its status, so that no zombie remains. Does not block.
void collect_helper(int pidfd) noexcept;

/// One round of `kill_all` for what a dead helper left of its session. Requires: it ended, its end
/// is `known`, and was not collected.
kill_result kill_session_of(pid_t helper) noexcept;

/// Takes care of a helper for which nobody waits any more: collects it when it ends, and ends what
/// it may have left behind. Does not block, unless no thread is to be had: then until the end.
void reap_later(descriptor pidfd, pid_t helper) noexcept;

}  // namespace longhaul::command
