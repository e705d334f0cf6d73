// SPDX-License-Identifier: Apache-2.0
// Every number of a running process that somebody may want to change, with its unit and its reason.
// What options may say otherwise stands in longhaul/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::run_tunables {

using namespace std::chrono_literals;

/// How long handlers that were told to stop may take to return. Hosts that started a server send
/// SIGTERM after two seconds, and SIGKILL after two more.
inline constexpr auto http_stop_grace = 2000ms;
inline constexpr auto stdio_stop_grace = 300ms;
/// What replies still get to leave.
inline constexpr auto reply_grace = 2000ms;

/// Lines of the log that wait for a reader, in bytes: minutes of a busy server.
inline constexpr std::size_t queued_log = std::size_t{1} << 20;
/// How long the end of a process waits for whoever reads its log.
inline constexpr auto flush_time = 500ms;
/// How long it waits for a collector that takes the last spans.
inline constexpr auto trace_grace = 500ms;
/// Blocks of memory from this size on go back to the system as soon as they are free, in bytes: a
/// large reply is gone when it was read, a small one costs no page fault.
inline constexpr int large_block = 1 << 20;
/// How much free memory at its end a heap keeps, in bytes.
inline constexpr int kept_heap = 4 << 20;
/// What one field, and one text, show at most, in bytes: the rest is cut with "…".
inline constexpr std::size_t log_field_bytes = 256;
inline constexpr std::size_t log_text_bytes = 4096;

}  // namespace longhaul::run_tunables
