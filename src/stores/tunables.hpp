// SPDX-License-Identifier: Apache-2.0
// Every number of the stores that somebody may want to change, with its unit and its reason. The
// bounds that callers meet stand in longhaul/limits.hpp, what every store has to do alike in
// longhaul/stores/bounds.hpp, those of one kind of store in its layer.
#pragma once

#include <cstddef>

namespace longhaul::stores::tunables {

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
