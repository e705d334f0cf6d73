// SPDX-License-Identifier: Apache-2.0
// The lifecycle as pure functions: a snapshot and an intent in, the next snapshot (or the reason
// why not) out. Stores that decide in C++ under their own write lock share these, so that there is
// one text of every rule. No function here reads a clock: time is an argument.
//
// Remaining times: every step books what has passed since `anchor` on the limits that counted (the
// running times while the task works and somebody runs it, the question's while one is open) and
// moves the anchor to now. A monotonic clock that began again (reboot) books nothing. `anchor` of a
// terminal task is its end, from which its retention counts.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "stores/store.hpp"

namespace longhaul::stores {

/// The two clocks at one instant.
struct instant {
  timestamp wall;
  monotonic_time mono;
};

/// Either the next state (`code == applied`) or why there is none.
struct step {
  change_code code = change_code::applied;
  std::shared_ptr<task_record> next;  ///< set if and only if applied
};

task_record initial(const new_task& task, instant now);
/// `superseded` if it is not `claimable`. Does not look at `run_at`: the store does.
step claimed(const task_record& task, process_id process, instant now);
step reported(const task_record& task, writer by, const report_change& change, instant now);
step asked(const task_record& task, writer by, std::span<const question> questions, instant now);
step answered(const task_record& task, std::span<const response> responses, instant now);
step finished(const task_record& task, writer by, const outcome& result, std::string_view message,
              instant now);
step cancelled(const task_record& task, std::string_view reason, instant now);
step retained(const task_record& task, std::optional<milliseconds> retention, instant now);
step revealed(const task_record& task, std::optional<milliseconds> retention, instant now);
step released(const task_record& task, writer by, instant now);
/// The process that ran it is gone: back to the queue, or failed.
step lost(const task_record& task, instant now);
/// A limit has passed (`limit_due` says which).
step timed_out(const task_record& task, instant now);

enum class limit_kind : std::uint8_t { attempt, overall, answer };
struct limit_deadline {
  monotonic_time at;
  limit_kind kind;
};
/// The next limit that applies in this state, or null: attempt and overall while it runs, answer
/// while a question is open.
std::optional<limit_deadline> limit_due(const task_record& task) noexcept;
/// When a terminal task is to be removed; null: never, or not terminal.
std::optional<monotonic_time> removal_due(const task_record& task) noexcept;

/// How long the result of hidden work is kept once it has ended: for a waiter that learns of the
/// end by reading, and for who hands the id out at that very moment.
inline constexpr milliseconds hidden_result_kept{2'000};
/// When nobody can read what a hidden task carries any more, after it was kept for `kept`: its
/// waiter has it, and its id was never handed out. Null: never (it may be asked for again by its
/// idempotency key), or there is nothing left.
std::optional<monotonic_time> emptying_due(const task_record& task,
                                           milliseconds kept = hidden_result_kept) noexcept;
/// The same task without arguments, metadata, questions and result.
std::shared_ptr<task_record> emptied(const task_record& task);
/// True of what `emptied` made of a task with a result.
bool is_emptied(const task_record& task) noexcept;
/// The next of the two things that happen to a terminal task; null: none.
std::optional<monotonic_time> next_due(const task_record& task,
                                       milliseconds kept = hidden_result_kept) noexcept;

/// Lines that people read are cut to so many bytes, at the end of a character: status messages and
/// reasons.
inline constexpr std::size_t longest_message = 4096;
std::string_view clipped(std::string_view text) noexcept;

/// True if the task waits to be claimed, from `run_at` on: not terminal, not external, nobody runs
/// it. It may be input_required.
bool claimable(const task_record& task) noexcept;

}  // namespace longhaul::stores
