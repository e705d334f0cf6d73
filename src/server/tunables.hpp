// SPDX-License-Identifier: Apache-2.0
// Every number of the server that somebody may want to change, with its unit and its reason. The
// bounds that callers meet stand in longhaul/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::serving::tunables {

using namespace std::chrono_literals;

/// Entries of one page of a list: a screen or two of a host, and a few hundred KiB at most.
inline constexpr std::size_t features_per_page = 100;
inline constexpr std::size_t tasks_per_page = 50;

/// Notifications of one task on one stream in any second, and how many of them may come together,
/// where a tool has three things to say at once.
inline constexpr std::size_t notifications_per_second = 5;
inline constexpr std::size_t notifications_together = 3;
/// Heartbeats in a row on one figure that stay below the tool's next one: more than a week of them.
inline constexpr double hairs_in_a_row = 1e5;
/// A heartbeat that was not taken is tried again after this time.
inline constexpr std::chrono::milliseconds not_taken_pause{1000};
/// How soon a notification that a slow peer did not take is tried again.
inline constexpr auto retry_after_full = std::chrono::milliseconds(100);

/// Notifications of extensions that wait for one slow peer; beyond it the oldest is dropped.
inline constexpr std::size_t waiting_notices = 256;

/// Addresses with watchers that may be added before those whose watchers left are looked for.
inline constexpr std::size_t watched_before_sweep = 256;

/// Bytes of answers that travel with a reply while nothing is stored: forms have hundreds, and what
/// a client has to send back should stay small beside its request.
inline constexpr std::size_t travelling_answers = std::size_t{64} * 1024;

/// Bytes of what is kept of a call's `_meta` once middleware has set its own: as much as it keeps
/// of what came, and again.
inline constexpr std::size_t middleware_meta = std::size_t{16} * 1024;

/// How long a call goes on without its caller who has lost its connection and may come again, with
/// the same idempotency key: clients try again after some hundred milliseconds, and then twice as
/// long.
inline constexpr std::chrono::seconds return_grace{5};

/// Callers that a rate remembers: a few MiB. Beyond it a quarter is counted anew.
inline constexpr std::size_t rate_buckets = std::size_t{16} * 1024;

/// What one read of captured output gives at most: more than a model reads at once.
inline constexpr std::size_t output_read_limit = std::size_t{1} << 20;
/// How often what programs print is written to a store of many processes: each time is a commit.
inline constexpr std::chrono::seconds output_share_every{1};
/// What is written at once at most of one stream; the rest follows at once.
inline constexpr std::size_t output_share_bytes = std::size_t{1} << 20;
/// How often files are looked for whose tasks other processes have removed.
inline constexpr std::chrono::minutes output_sweep_every{1};
/// … and so many at once.
inline constexpr std::size_t output_sweep_ids = 10'000;
/// How often outputs are looked at that somebody listens to: people see a second as now.
inline constexpr std::chrono::seconds output_look_every{1};
/// The longest that one call of `task_status` waits: hosts cut calls at 30 s and more.
inline constexpr std::chrono::seconds fallback_wait{25};

/// How often somebody looks at a call that takes as long as expected, …
inline constexpr int polls_expected = 40;
/// … within these: more is a burden, and less is a long time to sit before a result.
inline constexpr std::chrono::milliseconds shortest_poll{1'000}, longest_poll{15'000};

}  // namespace longhaul::serving::tunables
