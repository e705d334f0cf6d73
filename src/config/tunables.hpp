// SPDX-License-Identifier: Apache-2.0
// Every bound of the file of `longhaul serve`, with its unit and its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longhaul::config::tunables {

/// A file with more bytes is not one that somebody wrote.
inline constexpr std::size_t max_config_bytes = std::size_t{1} << 20;
/// Tools in it: hosts show all of them to a model.
inline constexpr std::size_t max_tools = 1000;
/// Resources, prompts and completions in it, each: hosts list all of them to a person, and an
/// address is compared with every template.
inline constexpr std::size_t max_features = 1000;
/// Levels that a line of the file may add; real files have five.
inline constexpr std::size_t max_levels = 64;
/// Faults that are told; more would not be read.
inline constexpr std::size_t max_faults = 50;

// What keys take: beyond it somebody has mistyped a zero.

inline constexpr std::int64_t max_count = 10'000'000;
inline constexpr std::int64_t max_count_of_tool = 1'000'000;
inline constexpr std::int64_t max_result_lines = 100'000;
inline constexpr std::uint64_t max_size = std::uint64_t{1} << 40;  // bytes
/// Bounds in bytes at least: a task needs 1 KiB, and sums have to hold some of them.
inline constexpr std::uint64_t least_size = 1024;
inline constexpr std::uint64_t least_sum = 64 * least_size;

}  // namespace longhaul::config::tunables
