// SPDX-License-Identifier: Apache-2.0
// How many handlers run at once, and whose. A handler that waits for an answer gives its slot up
// and takes one again before it goes on; those that return come before new tasks. The last part of
// the slots is kept for quotas that have nothing running. Tools may have a limit of their own.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace longhaul::tasks {

class slots {
 public:
  slots(std::size_t total, std::size_t reserved, std::size_t max_parked)
      : total_(static_cast<std::ptrdiff_t>(total)),
        reserved_(static_cast<std::ptrdiff_t>(reserved)),
        max_parked_(max_parked),
        free_(total_) {}

  /// At most `count` handlers of this tool at once; 0: no limit of its own. Before the first task.
  void limit(const std::string& tool, std::size_t count);

  /// Takes a slot for a new task of `quota`; false if there is none for it now.
  bool try_acquire(const std::string& quota, std::string_view tool = {});
  /// Gives a slot back, or hands it to the handler that waits longest to go on.
  void release(const std::string& quota, std::string_view tool = {});

  /// Counts a handler among those that wait for an answer; false if too many do already.
  bool park();
  void unpark();
  using ticket = std::uint64_t;
  /// Takes a slot for a handler that goes on; calls `ready` when it has one, maybe at once and on
  /// this thread, else on the thread that releases one. `ready` must not block.
  ticket reacquire(const std::string& quota, std::string_view tool, std::function<void()> ready);
  /// It has no slot yet.
  bool waits(ticket which) const;
  /// It no longer wants one; false if it has it.
  bool withdraw(ticket which);

  /// How many new tasks may be claimed now, how many of each tool at most, and which quotas get
  /// none of them.
  struct room {
    std::size_t count = 0;
    std::map<std::string, std::size_t, std::less<>> tools;  ///< all that `limit` named
    std::set<std::string, std::less<>> saturated;
  };
  room available() const;
  /// The same, and takes them: a claim that comes later must find what it was promised, or the
  /// reserve is gone while new tasks take the slots meanwhile. Each is then used or given back.
  room reserve(std::size_t at_most);
  void use_reserved(const std::string& quota, std::string_view tool = {});
  void give_back(std::size_t count);

  std::size_t running() const;

 private:
  struct of_tool {
    std::size_t limit = 0;  // 0: none
    std::size_t running = 0;
  };
  struct returning {
    std::string quota, tool;
    std::function<void()> ready;
  };
  using calls = std::vector<std::function<void()>>;

  room look() const;
  bool has_room(std::string_view tool) const;
  bool may_take(const std::string& quota, std::string_view tool) const;
  void take(const std::string& quota, std::string_view tool);
  void count(const std::string& quota, std::string_view tool);
  void give(const std::string& quota, std::string_view tool);
  // Those that may go on now; they are called without the lock.
  calls let_return();

  const std::ptrdiff_t total_, reserved_;
  const std::size_t max_parked_;
  mutable std::mutex mutex_;
  std::ptrdiff_t free_;  // negative while a few too many run
  std::size_t parked_ = 0;
  std::size_t promised_ = 0;                              // reserved, and not yet anybody's
  std::unordered_map<std::string, std::size_t> running_;  // by quota
  std::map<std::string, of_tool, std::less<>> tools_;
  std::map<ticket, returning> returning_;  // the longest waiting first
  ticket last_ticket_ = 0;
};

}  // namespace longhaul::tasks
