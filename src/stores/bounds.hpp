// SPDX-License-Identifier: Apache-2.0
// What a task takes up, and the names of the settings that a `create` may be refused by
// (`create_result::bound`).
#pragma once

#include <cstddef>
#include <string_view>

#include "longhaul/task.hpp"

namespace longhaul::stores {

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

}  // namespace bound_names

/// Of every task, whatever it carries: structures, index entries, rows.
inline constexpr std::size_t task_overhead = 1024;
/// Of every question, beside its text.
inline constexpr std::size_t input_overhead = 128;

/// Bytes that a task takes up, by the rules that docs/store-format.md has for the column `bytes`.
std::size_t size_of(const task_record& task);
/// The part of it that may change during the task's life.
std::size_t changing_size_of(const task_record& task);

/// Answers may take this much of the bounds for open tasks beyond what `create` may: a caller whose
/// tasks fill them can still answer their questions. One in so many.
inline constexpr std::size_t answer_room_divisor = 8;

/// Arguments and metadata up to this many bytes stay in memory with their task when a store has a
/// file to leave them in.
inline constexpr std::size_t small_payload = 4096;

}  // namespace longhaul::stores
