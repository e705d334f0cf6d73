// SPDX-License-Identifier: Apache-2.0
// Every number of this layer that somebody may want to change, with its unit and its reason.
#pragma once

#include <cstddef>

namespace longhaul::detail::tunables {

// A refusal is read by people and by models, which pay for its length, and it repeats bytes that
// anybody may have sent.

/// Bytes of a value that a refusal repeats.
inline constexpr std::size_t quoted_bytes = 60;
/// Names or choices that a refusal lists.
inline constexpr std::size_t listed_names = 20;
/// What is wrong with one call that is told at once: more would not be read.
inline constexpr std::size_t told_problems = 10;

// Looking for the name that was meant costs the product of both lengths for each name.

/// Bytes of a name that are compared with others.
inline constexpr std::size_t compared_bytes = 64;
/// With more names than this, none is suggested.
inline constexpr std::size_t compared_names = 200;

/// Characters of a tool's name beyond which many hosts refuse it.
inline constexpr std::size_t long_tool_name = 64;

/// Groups of a pattern within each other: engines that recurse run out of stack.
inline constexpr std::size_t nested_groups = 100;
/// Bytes of a pattern's part that a fault shows as it stands.
inline constexpr std::size_t shown_construct = 40;

/// Suggestions in one reply (MCP "Completion").
inline constexpr std::size_t suggestions = 100;

/// Bytes of a concurrency key: it stands in every row of a task and in every line of a waiting
/// list. A longer one is cut to `cut_key` bytes and told from its like by so many of its digest.
inline constexpr std::size_t longest_key = 256;
inline constexpr std::size_t cut_key = 180;
inline constexpr std::size_t digest_of_key = 16;

}  // namespace longhaul::detail::tunables
