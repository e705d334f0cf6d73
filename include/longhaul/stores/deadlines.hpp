// SPDX-License-Identifier: Apache-2.0
// What time does to a task: which limit passes next, and when what has ended is emptied and
// removed. Pure functions, like `transitions.hpp`: time is an argument.
//
// A running-time limit is kept as what is left of it since `anchor`, the instant of the last step.
// It counts only while it applies: attempt and overall limit while somebody runs the task and no
// question is open, the third while one is. A monotonic clock that began again (reboot) books
// nothing. `anchor` of a terminal task is its end, from which its retention counts:
//
//   end ──hidden_result_kept──► emptied (hidden work only) ──► retention over: invisible, removed
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "longhaul/stores/bounds.hpp"
#include "longhaul/task.hpp"

namespace longhaul::stores {

/// Somebody works on it: its running-time limits count.
bool runs(const task_record& task) noexcept;

enum class limit_kind : std::uint8_t { attempt, overall, answer };
struct limit_deadline {
  monotonic_time at;
  limit_kind kind;
};
/// The next limit that applies in this state, or null.
std::optional<limit_deadline> limit_due(const task_record& task) noexcept;

/// When a terminal task is to be removed; null: never, or not terminal.
std::optional<monotonic_time> removal_due(const task_record& task) noexcept;
/// Its retention is over: nobody sees it any more, removed or not.
bool expired(const task_record& task, monotonic_time now) noexcept;
/// When nobody can read what a hidden task carries any more, after it was kept for `kept`: its
/// waiter has it, and its id was never handed out. Null: never (it may be asked for again by its
/// idempotency key, or its unique hash), or there is nothing left.
std::optional<monotonic_time> emptying_due(const task_record& task,
                                           milliseconds kept = rules::hidden_result_kept) noexcept;
/// The next of the two things that happen to a terminal task; null: none.
std::optional<monotonic_time> next_due(const task_record& task,
                                       milliseconds kept = rules::hidden_result_kept) noexcept;

/// The same task without arguments, metadata, questions and result.
std::shared_ptr<task_record> emptied(const task_record& task);
/// True of what `emptied` made of a task with a result.
bool is_emptied(const task_record& task) noexcept;

}  // namespace longhaul::stores
