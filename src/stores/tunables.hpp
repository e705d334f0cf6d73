// SPDX-License-Identifier: Apache-2.0
// Every number of the stores that somebody may want to change, with its unit and its reason. The
// bounds that callers meet stand in longhaul/limits.hpp, those of one kind of store in its layer.
#pragma once

#include <chrono>
#include <cstddef>

#include "longhaul/clock.hpp"

namespace longhaul::stores::tunables {

/// Bytes that every task is counted with, whatever it carries: structures, index entries, rows.
/// Stands in files (docs/store-format.md, column `bytes`), so it changes with a migration only.
inline constexpr std::size_t task_overhead = 1024;
/// … and every question, beside its text.
inline constexpr std::size_t input_overhead = 128;

/// Arguments and metadata up to this many bytes stay in memory with their task when a store has
/// somewhere else to leave them; an answer up to this size is never refused for want of room.
inline constexpr std::size_t small_payload = 4096;
/// Answers may take this much of the bounds for open tasks beyond what `create` may, so that a
/// caller whose tasks fill them can still answer their questions. One in so many.
inline constexpr std::size_t answer_room_divisor = 8;

/// Bytes of the lines that people read, status messages and reasons: more is a log, not a line.
inline constexpr std::size_t longest_message = 4096;

/// A re-run waits at most this long, however often it failed: an operator who repaired what was
/// broken should not wait for an hour.
inline constexpr milliseconds longest_backoff = std::chrono::minutes(10);

/// How long the result of hidden work is kept once it has ended: for a waiter that learns of the
/// end by reading, and for a caller that is given the id at that very moment.
inline constexpr milliseconds hidden_result_kept{2'000};

/// Bytes of a store's secret: as many as the keys that are derived from it have.
inline constexpr std::size_t secret_bytes = 32;

/// Names of dead processes that are remembered: more than any fleet loses while one of them is
/// only asleep. Older ones would be strangers again, without tasks.
inline constexpr std::size_t remembered_dead = 4096;

// --- the store in memory

/// Parts of the task table, each with a lock: plenty for any number of cores a server gets.
inline constexpr std::size_t shards = 64;
/// Parts of the indexes by owner and by quota. Fewer: their locks are held for one look-up.
inline constexpr std::size_t index_parts = 16;
/// Parts of the index by idempotency key. More: one stays locked through a whole `create`.
inline constexpr std::size_t key_parts = 64;
/// Tasks that wait in one shard before the creator moves them to the queue himself: bounds what is
/// left behind by tasks that end before anybody claims.
inline constexpr std::size_t max_intake = 256;
/// Tasks looked at in one go while a list is put together: a lock is held for so many at most.
inline constexpr std::size_t list_chunk = 256;

}  // namespace longhaul::stores::tunables
