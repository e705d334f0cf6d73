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

/// Bytes that a task takes up, by the rules that docs/store-format.md has for the column `bytes`.
std::size_t size_of(const task_record& task);
/// The part of it that may change during the task's life.
std::size_t changing_size_of(const task_record& task);

}  // namespace longhaul::stores
