// SPDX-License-Identifier: Apache-2.0
// What whoever operates a server wants from its store, of all owners: callers never reach this.
// Every open store has it (`store` is one), so that pages and commands for operators need to know
// no other part of the contract. What is done to a file or a database while no server runs (check,
// backup, migrate, …) is the business of the one kind of store that has it.
//
// Threads: any.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/search.hpp"
#include "longhaul/stores/write_figures.hpp"
#include "longhaul/task.hpp"

namespace longhaul::stores {

/// What every operation that may wait returns.
template <class T>
using awaitable = boost::asio::awaitable<T>;

/// Numbers of tasks, terminal ones included as long as they are kept.
struct status_counts {
  std::size_t working = 0, input_required = 0, completed = 0, failed = 0, cancelled = 0;
  std::size_t queued = 0;    ///< of the working ones: not claimed yet
  std::size_t external = 0;  ///< of the unfinished ones: no handler is to finish them

  std::size_t open() const noexcept { return working + input_required; }
  std::size_t ended() const noexcept { return completed + failed + cancelled; }
  std::size_t& at(task_status status) noexcept {
    const std::array all = {&working, &input_required, &completed, &failed, &cancelled};
    return *all[static_cast<std::size_t>(status)];
  }
  status_counts& operator+=(const status_counts& more) noexcept {
    working += more.working;
    input_required += more.input_required;
    completed += more.completed;
    failed += more.failed;
    cancelled += more.cancelled;
    queued += more.queued;
    external += more.external;
    return *this;
  }
  friend bool operator==(const status_counts&, const status_counts&) = default;
};
using counts_by_tool = std::map<std::string, status_counts, std::less<>>;

/// … of all tools together.
struct store_stats : status_counts {
  std::size_t bytes = 0;  ///< approximate size of what is stored
};
inline store_stats total_of(const counts_by_tool& counts) noexcept {
  store_stats total;
  for (const auto& [tool, mine] : counts) total += mine;
  return total;
}

using paused_tools = std::map<std::string, timestamp, std::less<>>;

/// What a store found when it was opened, for the one who started it.
struct found_at_open {
  std::string place;                      ///< where tasks are kept: a path, or "memory"
  std::size_t tasks = 0;                  ///< in all
  std::size_t unfinished = 0;             ///< of these
  std::vector<std::string> remarks = {};  ///< what he should know, a line each
};

/// A process that has the store open, where several may.
struct process_info {
  process_id id;
  std::string host;
  std::int64_t pid = 0;
  std::string version;
  timestamp began_at{};
  milliseconds lease_age{0};   ///< since it was last renewed
  milliseconds lease_left{0};  ///< 0: it is about to be declared dead
  std::size_t running = 0;     ///< tasks that it has claimed
};

class store_operations {
 public:
  virtual ~store_operations() = default;

  /// Tasks of all owners, hidden ones as long as they are open and no
  /// owner is asked for, newest first. `cursor` is one that
  /// an earlier page of the same filter gave, or empty; it outlives its task. Null if it is not one
  /// of this store. At most `limit` tasks (1 if it says 0), and it looks at no more than about
  /// `rules::searched_tasks` for them: then the page says so. These throw `store_error`.
  virtual awaitable<std::optional<found_page>> search(const task_filter& filter,
                                                      std::string_view cursor,
                                                      std::size_t limit) = 0;
  /// A task whoever owns it, hidden or not, whole; null: there is none.
  virtual awaitable<task_ptr> find(std::string_view id) = 0;
  /// Of the tasks that wait for a slot, and would begin now, the one that was created first.
  virtual awaitable<task_ptr> oldest_waiting() = 0;
  /// Who has the most open tasks, then the most stored ones, and so on: at most `most`.
  virtual awaitable<std::vector<owner_use>> owners(std::size_t most) = 0;
  /// Those whose lease is not over, the oldest first. None where only one process may have it open.
  virtual awaitable<std::vector<process_info>> processes() {
    co_return std::vector<process_info>();
  }

  /// From now on no task of this tool is claimed, in no process: what runs goes on, the rest waits.
  /// Outlives the process where tasks do. There need not be a tool of this name. False: it was
  /// paused already (or: it was not). Both throw `store_error`.
  virtual awaitable<bool> pause(std::string_view tool) = 0;
  virtual awaitable<bool> resume(std::string_view tool) = 0;
  /// The tools that are paused, and since when.
  virtual awaitable<paused_tools> paused() = 0;

  /// Throws `store_error`.
  virtual awaitable<store_stats> stats() = 0;
  /// The same by tool, without those that have no tasks. The store keeps the numbers as tasks
  /// change: asking is cheap. Throws `store_error`.
  virtual awaitable<counts_by_tool> counts() = 0;
  /// What writes of this process have cost since it was opened; empty: nobody measures that.
  virtual write_figures writes() const { return {}; }
  /// The same as long as it is open.
  virtual found_at_open found() const = 0;
  /// Why nothing can be written now, for the log: with paths, and what to do. Empty: it can.
  virtual std::string trouble_in_full() const = 0;
};

}  // namespace longhaul::stores
