// SPDX-License-Identifier: Apache-2.0
// Every number of the SQLite store that somebody may want to change, with its unit and its reason.
// What all stores share stands in longhaul/stores/bounds.hpp, what callers meet in
// longhaul/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "longhaul/clock.hpp"

namespace longhaul::sqlite::tunables {

using namespace std::chrono_literals;

inline constexpr int kib = 1024;

// --- the writer

/// Operations in one transaction at most: more makes everybody wait for nothing.
inline constexpr std::size_t max_batch = 1024;
/// How long an open transaction waits for the next of the callers that shared the last one: several
/// times what such a caller needs to come back, and a fraction of an fdatasync.
inline constexpr auto next_caller = 30us;
/// From so many callers in one commit on, the thread stays awake so long for their return: waking
/// it would cost more.
inline constexpr std::size_t crowd = 8;
inline constexpr auto crowd_returns = 100us;
/// How often a file that could not be written is tried again: a person frees space in minutes.
inline constexpr auto trial_interval = 1s;
/// How often the file is looked at when nothing is written.
inline constexpr auto look_interval = 2s;

/// Reports of one task are gathered so long: each costs a share of a commit.
inline constexpr milliseconds gather_reports = 250ms;
/// Tasks removed in one transaction: others wait for it.
inline constexpr std::size_t purge_chunk = 256;
/// How often the time is saved with what is written. A crash without a boot in between loses sight
/// of this much running time at most.
inline constexpr milliseconds save_time_every = 1s;

// --- readers

/// Threads: one long list must not hold up every look-up.
inline constexpr std::size_t reader_threads = 2;
/// Tasks that ended are also kept in memory, up to about so many bytes: what is asked for is
/// mostly what has just ended.
inline constexpr std::size_t cache_bytes = std::size_t{32} << 20;
/// Bytes of arguments that a page of a search for text reads, about.
inline constexpr std::size_t searched_bytes = std::size_t{16} << 20;
/// How far the times of tasks may be out of the order of their numbers: clocks are set back, a
/// leap, a drift. A search that wants newer ones goes on for so long.
inline constexpr milliseconds out_of_order = 1h;
/// Parts of that cache, each with a lock.
inline constexpr std::size_t cache_shards = 64;
/// Bytes of a record in the cache without its payload: structures, index entry, allocator.
inline constexpr std::size_t cached_overhead = 1024;

// --- pages

/// KiB that one connection keeps of the file in memory. The writer needs the upper pages of its
/// indexes; a reader looks at few rows.
inline constexpr int writer_cache_kib = 32 * kib;
inline constexpr int reader_cache_kib = 4 * kib;

/// Pages (4 KiB) in the log from which on it is moved into the database: 4 MiB, so that a page
/// which is written again and again is moved once.
inline constexpr int log_worth_moving = 1024;
/// … from which on the writer helps (32 MiB), and readers are held up for it (64 MiB).
inline constexpr int log_large = 8 * log_worth_moving;
inline constexpr int log_huge = 16 * log_worth_moving;
/// Bytes of the log's file that are kept when it begins anew: up to there it is no burden, and
/// blocks that are kept need not be found again.
inline constexpr std::int64_t log_kept = std::int64_t{64} << 20;
/// How long a commit may be held up by another process that reads (a backup).
inline constexpr int log_wait_ms = 100;

/// Free pages are used again; only when they are most of the file, and at least so many (4 MiB), is
/// it made smaller, so much at a time.
inline constexpr std::int64_t min_free_pages = 1024;
/// Pages copied between two reports of a backup's progress: 4 MiB.
inline constexpr int backup_pages = 1024;

// --- locks

/// How long one connection waits for another's lock: readers of other processes hold it for
/// milliseconds, a checkpoint of a large log for seconds.
inline constexpr int busy_timeout_ms = 10'000;
/// How long a lock is waited for whose holder seems to be ending, and between two tries.
inline constexpr auto lock_wait = 2s;
inline constexpr int between_lock_tries_ms = 2;

}  // namespace longhaul::sqlite::tunables
