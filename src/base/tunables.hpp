// SPDX-License-Identifier: Apache-2.0
// Every number of the ground floor that somebody may want to change, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::base::tunables {

/// Characters of a tool's name (MCP "Tool Names"), and of the name of a server or an API key, which
/// becomes part of a file's name and of every line of the log.
inline constexpr std::size_t max_tool_name = 128;
inline constexpr std::size_t max_short_name = 64;

/// Lines of one event that strangers may cause in one window; the first of the next window says how
/// many were left out (`unsaid`).
inline constexpr int stranger_lines = 20;
inline constexpr std::chrono::seconds stranger_window{10};

/// A duration that somebody writes: a hundred years.
inline constexpr std::chrono::milliseconds max_duration = std::chrono::hours(24 * 36'500);

/// Variables of a URI template, bytes of an address that is read by one, and what is tried to read
/// it: addresses are short, and whoever needs more has built something else.
inline constexpr std::size_t template_variables = 16;
inline constexpr std::size_t longest_address = 8192;
inline constexpr std::size_t template_steps = 200;

}  // namespace longhaul::base::tunables
