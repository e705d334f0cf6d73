// SPDX-License-Identifier: Apache-2.0
// What tasks may take up, and every default once: of bounds, times and intervals. Servers, task
// engines and the file of `longhaul serve` use these. A call beyond a bound is refused with error
// 31004 ("busy") whose `data` has `bound`, the name of the setting, and `retryAfterMs`; nothing was
// created then.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace longhaul {

namespace defaults {

using std::chrono::milliseconds;

inline constexpr std::size_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;

// --- tasks

/// Handlers that run at once. Most wait for programs or the network; a user of a small machine with
/// busy handlers lowers it.
inline constexpr std::size_t max_running = 64;
/// Blocking handlers that may wait for an answer at once; each costs a thread.
inline constexpr std::size_t max_parked = 256;

/// Tasks of one owner that are not finished: more is a runaway client. … of all owners: each takes
/// about 1 KiB of memory, whatever it carries.
inline constexpr std::size_t max_open_per_owner = 10'000;
inline constexpr std::size_t max_open = 100'000;
/// Tasks that are kept for one owner and in all, finished ones included.
inline constexpr std::size_t max_stored_per_owner = 1'000'000;
inline constexpr std::size_t max_stored = 4'000'000;

/// How long a finished task is kept: people look for a result the next day.
inline constexpr milliseconds retention = std::chrono::hours(24);
/// What callers may ask for at most.
inline constexpr milliseconds max_retention = std::chrono::hours(24 * 30);

/// How often clients are told to look at a task.
inline constexpr milliseconds poll_interval = std::chrono::seconds(1);
/// Attempts of a task that may run again, and what lies between two of them: a server that dies of
/// the task itself does not do so for ever.
inline constexpr std::uint32_t max_attempts = 3;
inline constexpr milliseconds retry_backoff = std::chrono::seconds(1);
/// An operator who repaired what was broken should not wait for an hour.
inline constexpr milliseconds retry_backoff_max = std::chrono::minutes(10);

// --- callers

/// How long a caller that knows no tasks is made to wait for a result where the fallback tools are
/// on: common hosts give up after 30 s.
inline constexpr milliseconds inline_limit = std::chrono::seconds(25);
/// How long a caller that asked for progress hears nothing at most: hosts take silence for death
/// after 60 s and more.
inline constexpr milliseconds heartbeat = std::chrono::seconds(10);

/// Bytes that the bodies of all requests may hold together while they are read: sixteen of the
/// largest, or thousands of ordinary ones.
inline constexpr std::size_t max_body_memory = 64 * mib;
/// Sessions of HTTP clients before 2026-07-28: about 1 KiB each. Of one caller (one address,
/// without keys) a tenth of all, so that nobody keeps others out.
inline constexpr std::size_t max_sessions = 10'000;
inline constexpr std::size_t max_sessions_per_caller = 1'000;

/// How long running handlers may go on after the signal to stop. Over stdio the one host is gone,
/// and nobody waits for what it left behind.
inline constexpr milliseconds http_drain_grace = std::chrono::seconds(10);
inline constexpr milliseconds stdio_drain_grace = std::chrono::seconds(0);

/// How long somebody who types waits for suggestions.
inline constexpr milliseconds completion_limit = std::chrono::seconds(10);

// --- programs as tools, and resources of `longhaul serve`

/// Newest bytes kept of standard output and of standard error, each.
inline constexpr std::size_t output_limit = 16 * mib;
/// … of which a store of many servers keeps the newest, for readers at others.
inline constexpr std::size_t output_shared = 1 * mib;
/// Bytes of output that go into a result, and at most; the rest can be read as a resource.
inline constexpr std::size_t result_limit = 64 * kib;
inline constexpr std::size_t max_result_limit = 16 * mib;
/// Lines of it, where a result is the last lines.
inline constexpr std::size_t result_lines = 20;
/// Bytes that a resource of a file or a program may have, unless its table says otherwise: it goes
/// whole to a host, and mostly to a model.
inline constexpr std::size_t size_limit = mib;
/// How long such a program may take: whoever reads waits for it.
inline constexpr milliseconds read_limit = std::chrono::minutes(1);
/// Between SIGTERM and SIGKILL.
inline constexpr milliseconds stop_grace = std::chrono::seconds(5);

}  // namespace defaults

/// `max_body_memory` must have at least this: a body of the largest size (4 MiB) then always finds
/// room beside small ones.
inline constexpr std::size_t least_body_memory = 8 * defaults::mib;

/// Bounds in bytes; 0: none. A task takes up what it carries (arguments, result, checkpoint,
/// questions and answers, the line that people read) and 1 KiB for itself.
struct byte_limits {
  /// Arguments of one call. A message has at most 4 MiB, so by default this refuses nothing.
  std::size_t max_arguments = 4 * defaults::mib;
  /// The result of one task; beyond it the task fails with error 31007. Four times what a caller
  /// may send is more than a model reads; what is larger belongs into a file.
  std::size_t max_result = 16 * defaults::mib;
  /// What a handler may save as its checkpoint: a place to go on from, not the work itself.
  std::size_t max_checkpoint = 4 * defaults::mib;

  /// Unfinished tasks of one owner: room for sixty calls of the largest size, or for every call of
  /// a common one (10,000 of 25 KiB). Answers may take an eighth more, and
  /// those up to 4 KiB always find room.
  std::size_t max_open_bytes_per_owner = 256 * defaults::mib;
  /// … of all owners.
  std::size_t max_open_bytes = defaults::gib;
  /// Tasks that are kept for one owner and in all, finished ones included: of a disk.
  std::size_t max_stored_bytes_per_owner = 4 * defaults::gib;
  std::size_t max_stored_bytes = 16 * defaults::gib;
  /// Tasks in memory: those of a store in memory, and the work of tools that make no tasks. One
  /// owner may have half of it.
  std::size_t max_memory = 512 * defaults::mib;
};

}  // namespace longhaul
