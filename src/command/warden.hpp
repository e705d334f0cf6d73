// SPDX-License-Identifier: Apache-2.0
// The server's second line. A helper (`longhaul-run`) ends all of its program and then itself; the
// warden sees to it that this happens, also if the program fights its helper:
//
//   watching ──it ended, all is gone──────────────────────────────────────► gone
//      │                                                                     ▲
//      ├──it was killed, or left something (exit status)──► clearing ────────┤
//      └──held for `looks_held` looks, or not gone `patience`  (helper first │
//         after the grace of a stop────────────────────────►    spared, then killed, too)
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

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "command/descriptor.hpp"
#include "command/process_table.hpp"

namespace longhaul::command {

struct helper_end {
  bool known = false;  ///< false: somebody else collected its status
  int code = 0;
  int signal = 0;  ///< 0: it exited with `code`
  /// It did its work to the end: nothing of its program is left.
  bool clean() const noexcept { return known && code == 0 && signal == 0; }
};

/// A helper under the warden, shared with whoever started it.
class ward {
 public:
  ward(std::chrono::milliseconds grace, std::string mark);

  pid_t id() const noexcept { return id_; }
  /// From now on it has `grace` and a little patience to be gone. Any thread; once is enough.
  void stop_asked() noexcept;
  /// A descriptor that is readable once nothing is left of the helper and its program, and its
  /// status is collected. As long as the ward lives.
  int gone() const noexcept { return gone_.get(); }
  /// Makes `gone` readable before it is true, for whoever does not want to wait any longer.
  void call_gone() noexcept;
  /// How it ended. Requires: `gone` is readable.
  const helper_end& end() const noexcept { return end_; }
  /// The warden ended it. Requires: `gone` is readable.
  bool forced() const noexcept { return forced_; }

 private:
  friend class warden;
  enum class kind : std::uint8_t { child, stranger, none };
  using clock = std::chrono::steady_clock;

  const std::chrono::milliseconds grace_;
  const std::string mark_;  // NAME=value; empty: none
  kind helper_ = kind::child;
  pid_t id_ = -1;
  std::uint64_t started_ = 0;
  descriptor pidfd_, gone_;
  std::atomic<clock::rep> asked_{0};  // when, 0: not yet
  // The warden's alone until `gone`:
  helper_end end_;
  bool forced_ = false;
  bool clearing_ = false;
  bool suspect_ = false;  // it was seen held
  int held_ = 0;          // looks in a row
  int rounds_ = 0;        // of clearing
  clock::time_point next_{};
};

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
