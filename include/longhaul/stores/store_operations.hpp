// SPDX-License-Identifier: Apache-2.0
// What whoever operates a server wants from its store, of all owners: callers never reach this.
// Every open store has it (`store` is one), so that pages and commands for operators need to know
// no other part of the contract. What is done to a file or a database while no server runs (check,
// backup, migrate, …) is the business of the one kind of store that has it.
//
// Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace longhaul::stores {

/// What every operation that may wait returns.
template <class T>
using awaitable = boost::asio::awaitable<T>;

/// Numbers of tasks, terminal ones included as long as they are kept.
struct store_stats {
  std::size_t working = 0, input_required = 0, completed = 0, failed = 0, cancelled = 0;
  std::size_t queued = 0;  ///< of the working ones: not claimed yet
  std::size_t bytes = 0;   ///< approximate size of what is stored
  /// Unfinished tasks that a handler is to finish, by tool. Counted anew each time.
  std::map<std::string, std::size_t> open_by_tool = {};
};

/// What a store found when it was opened, for the one who started it.
struct found_at_open {
  std::string place;                      ///< where tasks are kept: a path, or "memory"
  std::size_t tasks = 0;                  ///< in all
  std::size_t unfinished = 0;             ///< of these
  std::vector<std::string> remarks = {};  ///< what he should know, a line each
};

class store_operations {
 public:
  virtual ~store_operations() = default;

  /// Throws `store_error`.
  virtual awaitable<store_stats> stats() = 0;
  /// The same as long as it is open.
  virtual found_at_open found() const = 0;
  /// Why nothing can be written now, for the log: with paths, and what to do. Empty: it can.
  virtual std::string trouble_in_full() const = 0;
};

}  // namespace longhaul::stores
