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
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/stores/values.hpp"
#include "longhaul/tool.hpp"
#include "stores/index_keys.hpp"
#include "tasks/tunables.hpp"

namespace longhaul::tasks {

/// Whose handler takes a slot. Slots of a tool are counted only if it has a limit of its own, and
/// those of a concurrency key as well, so whoever gives one back names the limits with which it was
/// taken.
struct tool_use {
  std::string_view name = {};
  std::size_t limit = 0;  ///< handlers of this tool at once; 0: as many as there are slots
  std::string_view key = {};
  std::size_t key_limit = 0;  ///< handlers of this tool with this key at once; 0: no limit
};
inline tool_use use_of(const tool_definition& tool) noexcept {
  return {tool.options.name, tool.options.max_running};
}
inline tool_use use_of(const tool_definition& tool, const task_origin& task) noexcept {
  tool_use result = use_of(tool);
  if (!task.concurrency_key) return result;
  result.key = *task.concurrency_key;
  result.key_limit = tool.options.concurrency;
  return result;
}

class slots {
 public:
  slots(std::size_t total, std::size_t reserved, std::size_t max_parked)
      : total_(static_cast<std::ptrdiff_t>(total)),
        reserved_(static_cast<std::ptrdiff_t>(reserved)),
        max_parked_(max_parked),
        parked_share_(max_parked - max_parked / tunables::parked_share_divisor),
        free_(total_) {}

  /// Takes a slot for a new task of `quota`; false if there is none for it now.
  bool try_acquire(const std::string& quota, tool_use tool = {});
  /// Gives a slot back, or hands it to the handler that waits longest to go on.
  void release(const std::string& quota, tool_use tool = {});

  /// Counts a handler of `quota` among those that wait for an answer; false if too many do
  /// already, or too many of this quota.
  bool park(const std::string& quota);
  void unpark(const std::string& quota);
  using ticket = std::uint64_t;
  /// Takes a slot for a handler that goes on; calls `ready` when it has one, maybe at once and on
  /// this thread, else on the thread that releases one. `ready` must not block.
  ticket reacquire(const std::string& quota, tool_use tool, std::function<void()> ready);
  /// It has no slot yet.
  bool waits(ticket place) const;
  /// It no longer wants one; false if it has it.
  bool withdraw(ticket place);

  /// Slots for the tasks that a claim may bring: it must find what it was promised, or the reserve
  /// is gone while new tasks take the slots meanwhile. Each is used or given back; until then no
  /// tool with a limit gets another slot, so what `left` says holds.
  class reservation {
   public:
    reservation(reservation&& other) noexcept
        : slots_(other.slots_),
          count_(std::exchange(other.count_, 0)),
          saturated_(std::move(other.saturated_)) {}
    reservation& operator=(reservation&&) = delete;
    ~reservation() { keep(0); }

    std::size_t count() const noexcept { return count_; }
    /// Quotas that get none of them.
    const std::set<std::string, std::less<>>& saturated() const noexcept { return saturated_; }
    /// One of them is a handler's now.
    void use(const std::string& quota, tool_use tool = {});
    /// Gives back all but `most`.
    void keep(std::size_t most);

   private:
    friend class slots;
    explicit reservation(slots& places) : slots_(places) {}

    slots& slots_;
    std::size_t count_ = 0;
    std::set<std::string, std::less<>> saturated_;
  };
  /// What may be claimed now.
  reservation reserve(std::size_t at_most);
  /// How many more handlers of this tool its own limit allows.
  std::size_t left(tool_use tool) const;
  /// Handlers that have a slot: all, those of a tool, and those with its key. Counted are only
  /// tools and keys that have a limit.
  struct figures {
    std::size_t running = 0, of_tool = 0, of_key = 0;
  };
  figures look(tool_use tool) const;
  struct by_key {
    stores::handlers_by_key handlers;  ///< that have a slot
    std::set<std::string> full;        ///< tools that have a key that is full
  };
  by_key running_by_key() const;

  std::size_t running() const;

 private:
  struct returning {
    std::string quota, tool;
    std::size_t tool_limit = 0;
    std::string key;
    std::size_t key_limit = 0;
    std::function<void()> ready;

    tool_use use() const noexcept { return {tool, tool_limit, key, key_limit}; }
  };
  using calls = std::vector<std::function<void()>>;

  std::size_t running_of(std::string_view tool) const LONGHAUL_REQUIRES(mutex_);
  std::size_t running_with(tool_use tool) const LONGHAUL_REQUIRES(mutex_);
  bool has_room(tool_use tool) const LONGHAUL_REQUIRES(mutex_);
  bool may_take(const std::string& quota, tool_use tool) const LONGHAUL_REQUIRES(mutex_);
  void take(const std::string& quota, tool_use tool) LONGHAUL_REQUIRES(mutex_);
  void count(const std::string& quota, tool_use tool) LONGHAUL_REQUIRES(mutex_);
  void give(const std::string& quota, tool_use tool) LONGHAUL_REQUIRES(mutex_);
  void use_reserved(const std::string& quota, tool_use tool);
  void give_back(std::size_t count);
  // Those that may go on now; they are called without the lock.
  calls let_return() LONGHAUL_REQUIRES(mutex_);

  const std::ptrdiff_t total_, reserved_;
  const std::size_t max_parked_, parked_share_;
  mutable guarded_mutex mutex_;
  // Negative while a few too many run.
  std::ptrdiff_t free_ LONGHAUL_GUARDED_BY(mutex_);
  std::size_t parked_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> parked_by_quota_ LONGHAUL_GUARDED_BY(mutex_);
  // Reserved, and not yet anybody's.
  std::size_t promised_ LONGHAUL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_quota_ LONGHAUL_GUARDED_BY(mutex_);
  // Tools with a limit of their own that have handlers running.
  std::map<std::string, std::size_t, std::less<>> by_tool_ LONGHAUL_GUARDED_BY(mutex_);
  // Keys with a limit that have handlers running.
  struct key_use {
    std::size_t running = 0, limit = 0;
  };
  std::map<std::pair<std::string, std::string>, key_use, stores::pair_order> by_key_
      LONGHAUL_GUARDED_BY(mutex_);
  // The longest waiting first.
  std::map<ticket, returning> returning_ LONGHAUL_GUARDED_BY(mutex_);
  ticket last_ticket_ LONGHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace longhaul::tasks
