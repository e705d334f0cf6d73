// SPDX-License-Identifier: Apache-2.0
// Every bound of the operators' side, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::operating::tunables {

using namespace std::chrono_literals;

/// Tasks of a page by itself, and at most.
inline constexpr std::size_t page = 50;
inline constexpr std::size_t largest_page = 500;
/// Tasks that are counted one by one, and that one action may be about: more is a matter of
/// minutes.
inline constexpr std::size_t most_counted = 10'000;
/// Failures that the reply to an action on many tasks tells of.
inline constexpr std::size_t failures_told = 100;
/// Bytes of a text that is looked for.
inline constexpr std::size_t longest_text = 200;
/// Bytes, as of callers of MCP.
inline constexpr std::size_t longest_idempotency_key = 256;
/// Owners of a list: those that matter come first.
inline constexpr std::size_t owners_listed = 100;
/// Actions that are remembered.
inline constexpr std::size_t actions_kept = 1000;
/// Bytes of what one of them was about: filters and names are as long as who sends them likes.
inline constexpr std::size_t longest_subject = 500;
/// Bytes of output of one reply by itself, and at most.
inline constexpr std::size_t output_part = 64 << 10;
inline constexpr std::size_t largest_output_part = 1 << 20;
/// How often somebody who follows output is told of more, and somebody who follows events.
inline constexpr auto follow_interval = 500ms;
inline constexpr auto event_interval = 1s;
/// How old the numbers of a database may be that events tell.
inline constexpr auto counts_age = 900ms;
/// How long a database is waited for that does not say new ones: Prometheus gives up after ten
/// seconds, and people before.
inline constexpr auto counts_wait = 1500ms;
/// Requests to the API are small; arguments of a call are the largest.
inline constexpr std::size_t max_body = 4 << 20;  // bytes
/// People, their scripts, and one scraper.
inline constexpr std::size_t max_connections = 2'000;
inline constexpr std::size_t threads = 1;
/// Ends of a tool whose running times are remembered, for percentiles: the newest.
inline constexpr std::size_t times_kept = 1'000;
/// Reasons of failures of a tool that are told apart, and bytes of one.
inline constexpr std::size_t reasons_kept = 10;
inline constexpr std::size_t longest_reason = 200;
/// Tools that are told apart: names may come from callers of external tasks.
inline constexpr std::size_t tools_kept = 1'000;

}  // namespace longhaul::operating::tunables
