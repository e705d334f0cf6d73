// SPDX-License-Identifier: Apache-2.0
// What this process has seen of its tasks in the last sixty minutes: how many began and ended, how
// long those of a tool ran, and why they failed. Hears of every change of a task (`changed`), which
// costs a number unless the task began or ended.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "longhaul/task.hpp"
#include "tasks/work_observer.hpp"

namespace longhaul::operating {

inline constexpr std::size_t minutes_shown = 60;

/// One minute, or all of them.
struct ends {
  std::uint64_t created = 0, completed = 0, failed = 0, cancelled = 0;
  ends& operator+=(const ends& more) noexcept;
};

/// Why some of a tool failed.
struct failure_reason {
  std::string message;
  std::uint64_t count = 0;
  std::string last;  ///< the id of the last one
};

struct tool_hour {
  ends sums;                             ///< a result that says `isError` counts as failed
  std::optional<milliseconds> p50, p95;  ///< of running times; null: nothing ended
  std::vector<failure_reason> failures;  ///< the most frequent first
};

class last_hour final : public tasks::work_observer {
 public:
  explicit last_hour(const clock_source& clock) : clock_(clock) {}

  void changed(const task_record& task) noexcept override;
  /// A number that grows with every change of a task.
  std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_relaxed); }

  /// The oldest first; the last one is the present minute.
  std::array<ends, minutes_shown> minutes() const;
  /// When the first of them began.
  timestamp since() const;
  tool_hour of_tool(std::string_view tool) const;

 private:
  using minute = std::chrono::sys_time<std::chrono::minutes>;
  struct slot {
    minute at{};
    ends sums;
  };
  // A ring by minute: what is older than an hour is somebody else's.
  struct ring {
    std::array<slot, minutes_shown> slots;
    ends& at(minute now);
    ends sum(minute now) const;
  };
  struct run_time {
    minute at;
    milliseconds length;
  };
  struct failures {
    minute at;
    failure_reason reason;
  };
  struct tool_figures {
    ring sums;
    std::deque<run_time> times;
    std::vector<failures> reasons;
  };

  minute now() const { return std::chrono::floor<std::chrono::minutes>(clock_.now()); }
  void note_end(const task_record& task, std::string reason, minute at) LONGHAUL_REQUIRES(mutex_);
  static void note_failure(tool_figures& tool, const task_record& task, std::string message,
                           minute at);

  const clock_source& clock_;
  std::atomic<std::uint64_t> changes_{0};
  mutable guarded_mutex mutex_;
  ring all_ LONGHAUL_GUARDED_BY(mutex_);
  std::map<std::string, tool_figures, std::less<>> tools_ LONGHAUL_GUARDED_BY(mutex_);
};

/// Why a task that failed did, in a line; of a result that says `isError`, too.
std::string reason_of(const task_record& task);

}  // namespace longhaul::operating
