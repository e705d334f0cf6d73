// SPDX-License-Identifier: Apache-2.0
// Numbers of the PostgreSQL store that no user sets, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::postgres::tunables {

using namespace std::chrono_literals;

/// PQserverVersion of PostgreSQL 13.
inline constexpr int oldest_server = 130'000;

/// Connections for all but the lease and the listener, which have one each: writes, claims, upkeep,
/// reads.
inline constexpr std::size_t connections = 4;

/// How long a caller waits for the database before he is told that it does not answer …
inline constexpr auto operation_time = 10s;
/// … and one answer of it may take.
inline constexpr auto answer_time = 8s;
/// The same for the first attempt to renew a lease: there must be time for another connection. One
/// that is only slow answers the second.
inline constexpr auto renewal_answer_time = 4s;
/// The same for operators, who look at all rows (`longhaul store`) and can stop that themselves.
inline constexpr auto operator_answer_time = std::chrono::hours(24);
/// Making a connection, TLS and authentication included.
inline constexpr auto connect_time = 5s;
/// Pauses between attempts to connect, and before a statement is repeated that lost a race.
inline constexpr auto first_pause = 20ms;
inline constexpr auto longest_pause = 2s;

/// Operations that share one transaction. More wait for the next.
inline constexpr std::size_t batch = 512;
inline constexpr std::size_t batch_bytes = std::size_t{16} << 20U;
/// Bytes a second that get through at least: an answer takes so much longer.
inline constexpr std::size_t slowest_link = std::size_t{4} << 20U;
/// How often an operation decides anew because others changed its task meanwhile.
inline constexpr int most_races = 50;

/// Ends whose commit was not heard of and that are remembered until they are read again.
inline constexpr std::size_t most_ends_in_doubt = 8 * batch;
/// How often they are looked for, about once a second: longer than a statement is on its way.
inline constexpr int looks_for_an_end = 600;

/// How long reports of one task are gathered: each costs a commit.
inline constexpr auto gather_reports = 250ms;

/// Ids that one look-up asks for.
inline constexpr std::size_t reads_at_once = 256;
/// Look-ups that are under way together.
inline constexpr std::size_t reads_under_way = 2;
/// Tasks that a step of the upkeep takes at once.
inline constexpr std::size_t upkeep_chunk = 500;

/// Tasks that one claim takes.
inline constexpr std::size_t claimed_at_once = 1'000;
/// Groups (quota, tool, key) that a claim lists at once.
inline constexpr std::size_t groups_at_once = 256;
/// Delayed tasks that become ready with one claim.
inline constexpr std::size_t promoted_at_once = 1000;

/// What others use of the bounds may be this old when it is compared with them.
inline constexpr auto others_known_for = 1s;

/// What programs print is kept in rows as it comes; so many of one stream are put together …
inline constexpr std::size_t output_parts = 256;
/// … into rows of about so many bytes.
inline constexpr std::size_t output_part_bytes = 64 << 10;

/// Changes are told to other processes together, this long after the first of them at most …
inline constexpr auto gather_news = 5ms;
/// … in messages of so many bytes (PostgreSQL takes up to 7,999).
inline constexpr std::size_t longest_news = 7'000;
/// How long the result of hidden work is kept once it has ended: its waiter may be another process,
/// which may hear of the end late.
inline constexpr std::chrono::milliseconds hidden_result_kept = std::chrono::minutes(1);
/// How long nobody has been told that there is no room before that is tried: a trial leaves dead
/// rows, and may find room where others find none.
inline constexpr auto room_after = 5s;
/// How often tasks that are followed are looked at when nobody tells of changes …
inline constexpr auto look_every = 1s;
/// … and, to be sure, when somebody does.
inline constexpr auto look_anyway_every = 10s;

/// Numbers of a process that counts nothing any more are merged with others after so long …
inline constexpr std::chrono::milliseconds counts_kept = std::chrono::hours(1);
/// … by whoever looks, so often.
inline constexpr auto merge_every = std::chrono::minutes(10);
/// Leases that are longer are not waited for when a clock has jumped.
inline constexpr std::chrono::milliseconds longest_lease = std::chrono::minutes(10);

/// What a process was running when it died is taken up by those that live within about 20 s; who
/// still has not done so after this time will not.
inline constexpr std::chrono::milliseconds orphan_is_a_fault_after = std::chrono::minutes(1);
/// Ids that a check or a list of all tasks reads at once.
inline constexpr std::size_t page_of_ids = 1'000;

/// Rows of processes that are gone are kept so long: a late renewal must find that it is dead.
inline constexpr auto dead_kept = std::chrono::hours(24 * 7);

}  // namespace longhaul::postgres::tunables
