// SPDX-License-Identifier: Apache-2.0
// The lifecycle as pure functions: a snapshot and an intent in, the next snapshot (or the reason
// why not) out. Stores that decide in C++ share these, so that there is one text of every rule,
// whether a store applies it under a lock of its own or as a conditional write (`rev` as it was
// read). No function here reads a clock: time is an argument.
//
//   initial ──► working ──asked──► input_required ──answered (all)──► working
//                  │  ▲                  │
//                  │  └── released, lost, ┤ (no process, epoch + 1: `claimable` again)
//                  │      retried,        │
//                  │      timed_out       │
//                  ├── finished ─────────┴──► completed | failed
//                  ├── cancelled ───────────► cancelled
//                  └── lost, timed_out ─────► failed
//
// Every step raises `rev` by one and books what has passed since `anchor` on the limits that
// counted (`deadlines.hpp`); a claim, and losing one, raise `epoch`, which fences the worker.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "longhaul/stores/deadlines.hpp"
#include "longhaul/stores/store.hpp"

namespace longhaul::stores {

/// Either the next state (`code == applied`) or why there is none.
struct step {
  change_code code = change_code::applied;
  std::shared_ptr<task_record> next = nullptr;  ///< set if and only if applied
};

/// `may_begin`: what it is to be claimed for is granted.
task_record initial(const new_task& task, instant now, bool may_begin = true);
/// `superseded` if it is not `claimable`. Does not look at `run_at`: the store does.
step claimed(const task_record& task, process_id process, instant now);
step reported(const task_record& task, writer worker, const report_change& change, instant now);
step asked(const task_record& task, writer worker, std::span<const question> questions,
           instant now);
step answered(const task_record& task, std::span<const response> responses, instant now);
step finished(const task_record& task, writer worker, const outcome& result,
              std::string_view message, instant now);
step cancelled(const task_record& task, std::string_view reason, visibility sees, instant now);
step retained(const task_record& task, std::optional<milliseconds> retention, instant now);
step revealed(const task_record& task, std::optional<milliseconds> retention, instant now);
step released(const task_record& task, writer worker, instant now);
step retried(const task_record& task, writer worker, std::string_view why,
             monotonic_time not_before, instant now);
/// The process that ran it is gone: back to the queue, or failed.
step lost(const task_record& task, instant now);
/// The same task as if no running time had passed since its process was last heard of: time in
/// which no process was there does not count. For `lost`, of what a former process ran.
task_record without_downtime(const task_record& task, monotonic_time last_heard,
                             monotonic_time now);
/// A limit has passed (`limit_due` says which): it failed, or waits for its next attempt.
step timed_out(const task_record& task, instant now);

/// What a `create` is told that finds this task under its idempotency key: `created` (the very
/// same operation came again), `existing` or `key_conflict`.
create_result known_by_key(const task_ptr& earlier, const task_origin& origin);
/// … under its unique hash: `created` (as above) or `existing`.
create_result known_by_hash(const task_ptr& earlier, const task_origin& origin);
/// What a `create` is told that finds this task under its id: it was repeated. Throws
/// `store_error` if it is somebody else's.
create_result known_by_id(const task_ptr& earlier, const task_origin& origin);

/// An attempt that ends now need not be the last one.
bool attempts_left(const task_record& task) noexcept;
/// When the next attempt may begin that follows the present one: `retry_backoff` doubled with each,
/// up to `retry_backoff_max`, and of that a share between nothing and all ("full jitter"), which
/// follows from id and attempt, so that whoever computes it again comes to the same.
monotonic_time next_attempt_at(const task_record& task, monotonic_time now) noexcept;

/// True while a second `create` with the unique hash of this task is given this one: it has not
/// ended, or did less than `unique_for` ago, was not cancelled, and can be seen.
bool holds_unique(const task_record& task, monotonic_time now) noexcept;

/// Lines that people read are cut to `longest_message`, at the end of a character: status messages
/// and reasons.
std::string_view clipped(std::string_view text) noexcept;

/// True if the task waits to be claimed, from `run_at` on: not terminal, not external, nobody runs
/// it. It may be input_required.
bool claimable(const task_record& task) noexcept;
/// The part of the working ones that `store_stats` and `longhaul store` call queued: claimable, and
/// no question is open.
bool queued(const task_record& task) noexcept;

}  // namespace longhaul::stores
