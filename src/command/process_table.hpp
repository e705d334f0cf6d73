// SPDX-License-Identifier: Apache-2.0
// The machine's processes as /proc shows them, and signals that never hit the wrong one: a process
// is known by its id and the time at which it started, and is signalled through a pidfd that was
// opened before that time was compared.
//
// Threads: any. Only libc is needed: the helper also links this file.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.hpp"

namespace longhaul::command {

/// One process, from /proc/PID/stat (proc(5)).
struct process_entry {
  pid_t id = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';
  std::uint64_t started = 0;  ///< clock ticks since boot

  /// It ended, and its parent has not asked for its status yet.
  bool ended() const noexcept { return state == 'Z' || state == 'X' || state == 'x'; }
};

/// Null: there is no such process.
std::optional<process_entry> read_process(pid_t id);

/// All processes, by id. A snapshot that takes time: what begins, ends or is adopted meanwhile may
/// be missing. Throws `std::system_error` if /proc cannot be read.
std::vector<process_entry> all_processes();

/// The process began with `variable`, NAME=value, in its environment. False also: it cannot be
/// looked at (another user's), or `variable` is empty.
bool has_environment(pid_t id, std::string_view variable);

/// The value of the variable `name` there; empty: it has none, or cannot be looked at.
std::string environment_of(pid_t id, std::string_view name);

/// What a process was started with, argv[0] first; it may have changed that. Empty: there is none.
std::vector<std::string> command_line_of(pid_t id);

/// Those of `all` whose parents lead to `root`, without itself; parents before their children.
std::vector<process_entry> descendants(const std::vector<process_entry>& all, pid_t root);

enum class delivery : std::uint8_t {
  sent,
  gone,    ///< the process has ended
  refused  ///< it belongs to another user
};

/// Sends `signal` to exactly this process.
delivery send_signal(const process_entry& process, int signal) noexcept;

/// Gives the processes that are meant, as they are now.
using process_finder = std::function<std::vector<process_entry>()>;

/// SIGSTOP to all processes that `find` gives and that have not ended, until it gives no new ones:
/// who is stopped cannot fork, so that nobody is born between a look and a signal. Those that were
/// found last; all there are, unless they were born faster than they could be found. Throws what
/// `find` throws.
std::vector<process_entry> stop_all(const process_finder& find);

/// Who was there for a round of `kill_all`.
struct kill_result {
  std::size_t found = 0;
  std::size_t refused = 0;  ///< of another user
  /// Another round may find somebody. False: none is left, or none that we may end.
  bool again() const noexcept { return found > refused; }
};

/// `stop_all`, then SIGKILL to all of them. Who was born meanwhile is left for another round. An
/// error in `find` counts as nobody found but `again`.
kill_result kill_all(const process_finder& find) noexcept;

/// The children of this process's first thread, which adopts orphans: found without a walk through
/// the table, and without a new descriptor, which a program may have taken from us.
class own_children {
 public:
  own_children();

  /// SIGKILL to those that are `ours`, again and again for some 20 ms: what forks and ends all the
  /// time is never where a walk saw it, but its next birth is a child of ours again. `collect` gets
  /// those who were signalled, is to ask for the status of those who ended, and says whether to go
  /// on. Requires: nobody else collects them, so that the id of one cannot be anybody else's.
  void chase(const std::function<bool(pid_t)>& ours,
             const std::function<bool(const std::vector<pid_t>&)>& collect) const;

  /// Children of this process, zombies too: the first 4 KiB of the kernel's list; none if it has
  /// none.
  std::vector<pid_t> ids() const;

 private:
  descriptor file_;  // empty: a kernel without this file
};

}  // namespace longhaul::command
