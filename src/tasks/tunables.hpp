// SPDX-License-Identifier: Apache-2.0
// Every number of the engine that somebody may want to change, with its unit and its reason.
// The bounds that callers meet stand in longhaul/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

#include "longhaul/limits.hpp"

namespace longhaul::tasks::tunables {

using namespace std::chrono_literals;

/// The part of the slots that only owners without a running task may take, so that one busy owner
/// never makes another wait for the end of a long task. One in so many.
inline constexpr std::size_t reserved_slots_divisor = 8;
/// The part of the places for handlers that wait for an answer that one quota may have, so that one
/// caller who answers nothing never keeps the others from asking. One in so many, rounded up.
inline constexpr std::size_t parked_share_divisor = 2;
/// Threads for coroutine handlers. They do not block, so two keep two cores busy.
inline constexpr std::size_t handler_threads = 2;
/// A pool thread without work ends after this time.
inline constexpr auto idle_thread_lifetime = 10s;

/// What "busy" tells a caller to wait.
inline constexpr auto busy_retry_after = 1000ms;
/// … if the store is in trouble: that needs a person.
inline constexpr auto store_retry_after = 5000ms;

/// Open waits and subscriptions on one task: a task is followed by a few hosts, not by thousands
/// of streams of one; P16 wants room for a thousand.
inline constexpr std::size_t followers_per_task = 4096;

/// Kept once finished, if nobody says otherwise, and at most.
inline constexpr auto default_retention = defaults::retention;
inline constexpr auto max_retention = defaults::max_retention;

/// How long the work behind a plain call is kept once finished: long enough for a waiter that
/// learns of the end by polling. The store in memory tells at once and keeps nothing.
inline constexpr auto hidden_retention = 2s;
/// … where the waiter may be at another process, which the database or a notification fails.
inline constexpr auto hidden_retention_shared = 60s;
/// … and with an idempotency key: its caller may come again for the result, if its reply was lost.
inline constexpr auto hidden_retention_keyed = 15s;
/// … where results are in memory, which large ones would fill.
inline constexpr auto hidden_retention_keyed_in_memory = 5s;
/// How long such work waits for an answer: its caller may never come back.
inline constexpr auto hidden_answer_within = 1h;

/// Limits, retention and coalesced reports are looked at so often: a limit is exact to this.
inline constexpr auto tick_interval = 100ms;
/// Rows that one tick expires or purges at most: keeps a tick short.
inline constexpr std::size_t tick_batch = 4096;

/// A process is dead when it did not renew for `lease`; it stops claiming `trust_margin` earlier.
inline constexpr auto lease = 15s;
inline constexpr auto renew_every = 5s;
inline constexpr auto trust_margin = 3s;
/// The dead are looked for so often: their tasks move within a lease and this part of it.
inline constexpr int recoveries_per_lease = 3;
/// Tasks that one claim brings at most: the next claim follows at once, and lets others in between.
inline constexpr std::size_t claimed_at_once = 64;
/// How often the store is asked for tasks nobody told of: waiting for their time, or created
/// elsewhere.
inline constexpr auto claim_poll = 1s;
/// How often claims that the executor does not know are looked for.
inline constexpr auto audit_every = 30s;

/// First delay and number of repetitions of a write whose outcome is unknown, before it is left to
/// the tick, which repeats it until it is known; and no more after so long.
inline constexpr auto retry_delay = 5ms;
inline constexpr int retry_attempts = 4;
inline constexpr auto retry_for = 10s;
/// Each delay is so many times the one before.
inline constexpr int retry_growth = 4;

/// Log events, and questions to put again, that an open request keeps for its stream; the oldest
/// goes first.
inline constexpr std::size_t exchange_events = 64;
/// Progress and states of one task reach a stream so often at most: people see no more, and models
/// pay for each.
inline constexpr auto notify_every = 200ms;

/// Tasks that wait before one are counted so far: beyond it nobody cares for the number.
inline constexpr std::size_t counted_before = 1000;

/// Questions that a tool settles before it begins: nobody answers more, and one that asks without
/// end is stopped.
inline constexpr std::size_t preflight_questions = 64;

/// Arguments of a call without a row have at most so many bytes: those of all slots together stay
/// far below any bound in bytes, which only rows are counted for.
inline constexpr std::size_t direct_arguments = std::size_t{64} * 1024;

/// Arguments and answers of more bytes are checked on the pool: what an I/O thread does for one
/// message stays below about a millisecond.
inline constexpr std::size_t checked_inline = std::size_t{64} * 1024;

}  // namespace longhaul::tasks::tunables
