// SPDX-License-Identifier: Apache-2.0
// What a task takes up, the names of the settings that a `create` may be refused by
// (`create_result::bound`), and the numbers that every store shares.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul::stores {

/// Numbers of the contract: all stores have them, so nobody sees which store it is.
namespace rules {

/// Bytes that every task is counted with, whatever it carries: structures, index entries, rows.
/// Stands in files (docs/store-format.md, column `bytes`), so it changes with a migration only.
inline constexpr std::size_t task_overhead = 1024;
/// … and every question, beside its text.
inline constexpr std::size_t input_overhead = 128;

/// Arguments and metadata up to this many bytes stay in memory with their task when a store has
/// somewhere else to leave them; an answer up to this size is never refused for want of room.
inline constexpr std::size_t small_payload = 4096;
/// … but metadata up to so many: all that a server keeps of a call's `_meta`, its trace among it.
inline constexpr std::size_t kept_meta = 8192;
/// Answers may take this much of the bounds for open tasks beyond what `create` may, so that a
/// caller whose tasks fill them can still answer their questions. One in so many.
inline constexpr std::size_t answer_room_divisor = 8;

/// Bytes of the lines that people read, status messages and reasons: more is a log, not a line.
inline constexpr std::size_t longest_message = 4096;

/// Attempts of a task that are remembered beside the one that runs …
inline constexpr std::size_t attempts_kept = 20;
/// … with so many bytes of how each ended, …
inline constexpr std::size_t longest_how = 256;
/// … and what one is counted with beside these.
inline constexpr std::size_t attempt_overhead = 64;

/// How long the result of hidden work is kept once it has ended: for a waiter that learns of the
/// end by reading, and for a caller that is given the id at that very moment.
inline constexpr milliseconds hidden_result_kept{2'000};

/// Bytes of a store's secret: as many as the keys that are derived from it have.
inline constexpr std::size_t secret_bytes = 32;

}  // namespace rules

namespace bound_names {

inline constexpr std::string_view open_per_quota = "max_open_per_owner";
inline constexpr std::string_view open_total = "max_open";
inline constexpr std::string_view stored_per_quota = "max_stored_per_owner";
inline constexpr std::string_view stored_total = "max_stored";
inline constexpr std::string_view arguments = "max_arguments";
inline constexpr std::string_view open_bytes_per_quota = "max_open_bytes_per_owner";
inline constexpr std::string_view open_bytes_total = "max_open_bytes";
inline constexpr std::string_view stored_bytes_per_quota = "max_stored_bytes_per_owner";
inline constexpr std::string_view stored_bytes_total = "max_stored_bytes";
inline constexpr std::string_view memory = "max_memory";
inline constexpr std::string_view parked = "max_parked";
inline constexpr std::string_view known_only = "known_only";  ///< no setting: see `create_bounds`

}  // namespace bound_names

/// Bytes that a task takes up, by the rules that docs/store-format.md has for the column `bytes`.
std::size_t size_of(const task_record& task);
/// The part of it that may change during the task's life.
std::size_t changing_size_of(const task_record& task);

}  // namespace longhaul::stores
