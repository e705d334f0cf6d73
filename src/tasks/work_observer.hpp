// SPDX-License-Identifier: Apache-2.0
// Whoever counts and measures what an engine does: figures, traces. Of tasks that many processes
// share, each of them tells what it did itself, so sums over all of them are right.
//
//   created ──► began ──► asked … ──► returned ──► began … ──► changed (`ends`)
//      └ wrote                           └ wrote (its end, or that another attempt follows)
//
// Threads: any; must not block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stretch.hpp"
#include "longhaul/task.hpp"

namespace longhaul::tasks {

/// What an attempt came to.
enum class attempt_end : std::uint8_t {
  completed,  ///< with a result
  error,      ///< with one that says `isError`
  failed,     ///< with a JSON-RPC error
  retry,      ///< another attempt follows
  stopped     ///< others have ended it, or taken it: nothing that its handler said counts
};

std::string_view to_string(attempt_end end) noexcept;

/// A write to the store.
enum class write_kind : std::uint8_t { create, finish, retry };

class work_observer {
 public:
  virtual ~work_observer() = default;
  /// Every committed change that this process hears of, also of tasks that others run, once. `ends`
  /// is true with the end that this process has written.
  virtual void changed(const task_record& task) noexcept { static_cast<void>(task); }
  /// This process has created it.
  virtual void created(const task_record& task) noexcept { static_cast<void>(task); }
  /// An attempt begins here, that was ready to begin for `waited`. `begun`: the task as it was
  /// claimed; a call without a row as well.
  virtual void began(const task_record& begun, milliseconds waited) noexcept {
    static_cast<void>(begun), static_cast<void>(waited);
  }
  /// Its handler has returned.
  virtual void returned(const task_record& begun, const stretch& ran, attempt_end how) noexcept {
    static_cast<void>(begun), static_cast<void>(ran), static_cast<void>(how);
  }
  /// Its handler has asked, and has the answers, or gave it up.
  virtual void asked(const task_record& begun, const stretch& waited, std::size_t questions,
                     bool answered) noexcept {
    static_cast<void>(begun), static_cast<void>(waited);
    static_cast<void>(questions), static_cast<void>(answered);
  }
  /// This was asked of the store, and it has answered.
  virtual void wrote(const task_origin& task, write_kind kind, const stretch& took) noexcept {
    static_cast<void>(task), static_cast<void>(kind), static_cast<void>(took);
  }
  /// A caller of this tool was told "busy" because of this bound (`longhaul/stores/bounds.hpp`).
  virtual void refused(std::string_view tool, std::string_view bound) noexcept {
    static_cast<void>(tool), static_cast<void>(bound);
  }
  /// What handlers and programs of this attempt hand on as their trace; empty: what the caller
  /// sent. Asked only if somebody wants to know.
  virtual std::string traceparent_of(const task_record& begun) const {
    static_cast<void>(begun);
    return {};
  }
};

/// Nobody: empty.
using work_observers = std::vector<std::shared_ptr<work_observer>>;

}  // namespace longhaul::tasks
