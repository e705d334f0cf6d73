// SPDX-License-Identifier: Apache-2.0
// What a task remembers of its attempts, and what lies between two of them. Parts of
// `transitions.hpp`; they change the record that a step is about to give.
//
// Pure functions; any thread.
#pragma once

#include <string_view>

#include "longhaul/stores/transitions.hpp"

namespace longhaul::stores {

/// `process` begins the next attempt.
void begin_attempt(task_record& task, process_id process, instant now);
/// The present attempt is over, and another one may begin from `run_at` on: whoever ran it writes
/// in vain from here on.
void end_attempt(task_record& task, std::string_view how, monotonic_time run_at, instant now);
/// It was none: nothing of it had begun.
void undo_attempt(task_record& task, monotonic_time run_at);

/// `retry_backoff`, doubled with every attempt, up to `retry_backoff_max`.
milliseconds backoff(const task_record& task) noexcept;

}  // namespace longhaul::stores
