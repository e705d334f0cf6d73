// SPDX-License-Identifier: Apache-2.0
// The server's second line. A helper (`longhaul-run`) ends all of its program and then itself; the
// warden sees to it that this happens, also if the program fights its helper:
//
//   watching ──it ended, all is gone──────────────────────────────────────► gone
//      │                                                                     ▲
//      ├──it was killed, or left something (exit status)──► clearing ────────┤
//      └──held for `looks_held` looks, or not gone `patience`  (helper first │
//         after the grace of a stop────────────────────────►    spared, then also killed)
//
// Watching costs one read of /proc/PID/stat a second and helper. A helper that is stopped is woken;
// one that a debugger holds, or that is stopped again and again, is held. Clearing goes on, round
// after round, until nothing is left: the helper's descendants (which it adopts while it is there),
// its session (whose id is nobody else's until the helper's status is collected, which comes last),
// processes that carry the task's mark in their environment and, in a process that adopts orphans,
// all children that are no helpers. They are stopped before they are killed, and signalled through
// pidfds whose process was compared. What belongs to another user is left.
//
// Threads: one thread for all of it, asleep while no helper is there; made by the first start,
// never ended: helpers that outlive the process end by themselves. `start`, `stop_asked` and
// `abandon` may be called on any thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "command/process_table.hpp"
#include "command/ward.hpp"

namespace longhaul::command {

/// Starts a helper and watches it from then on: `spawn` makes it and gives its id, or throws.
/// `mark`: NAME=value of the program's environment that no other program has; empty: none. Throws
/// what `spawn` throws, and `std::system_error` if there is no thread or descriptor to watch it
/// with (the helper, if it was made, was ended then, which may take as long as its grace).
std::shared_ptr<ward> start_ward(std::chrono::milliseconds grace, std::string mark,
                                 const std::function<pid_t()>& spawn);

/// Watches the helper of a former server, which has `grace` from now on; what is stopped or traced
/// is ended at once. Throws `std::system_error`.
void end_former_helper(const process_entry& helper, std::chrono::milliseconds grace,
                       std::string mark);

/// Ends all that carry `mark` and are no helper's, those of a former server whose helper is dead.
/// The ward that is returned is for its `gone`.
/// Throws `std::system_error`.
std::shared_ptr<ward> end_marked(std::string mark);

/// Orphans of this process's descendants become its children from now on, and those that no helper
/// adopts any more are ended. For a process that has no children but helpers; before the first.
/// Throws `std::system_error`.
void adopt_orphans();

/// The process is about to end: helpers that do their work are left to it, which they do alone.
/// What belongs to helpers that were held is ended first. Blocks, two seconds at most.
void leave_helpers() noexcept;

}  // namespace longhaul::command
