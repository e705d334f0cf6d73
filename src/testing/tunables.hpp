// SPDX-License-Identifier: Apache-2.0
// Every number of the test kit, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::testkit::tunables {

using namespace std::chrono_literals;

/// How often somebody who waits for a handler looks whether it rests by now: it tells nobody.
inline constexpr auto look_again = 1ms;
/// So many times it looks before it waits so long: most handlers rest after microseconds.
inline constexpr int hasty_looks = 100;
/// A wait that only time can end moves the clock by this, …
inline constexpr auto first_step = 1000ms;
/// … and later by this part of what it has waited already: a week is a thousand steps.
inline constexpr int step_divisor = 100;
/// A client that has waited for so long on the server's clock is told that it waits in vain.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 14);

/// Rounds of questions and answers of one call; a handler that asks on and on is cut off here.
inline constexpr int question_rounds = 100;
/// Pages of one list.
inline constexpr int list_pages = 10'000;
/// Messages that a stream keeps for its reader.
inline constexpr std::size_t stream_messages = 100'000;
/// What a difference shows of a line before and behind the place, in bytes: a line of a terminal.
inline constexpr std::size_t shown_before = 40;
inline constexpr std::size_t shown_behind = 50;
/// A value that a server chose is known again wherever it comes, from so many bytes on: shorter
/// ones may be chance.
inline constexpr std::size_t telling_size = 16;
/// How long the end of a conversation, and a recording, wait for more of what may come, by the
/// machine's clock, where a handler does not rest: it tells nobody that it has nothing to say.
inline constexpr auto catch_up = 200ms;
/// Bytes of a conversation's file: more is not one that people read.
inline constexpr std::size_t conversation_bytes = std::size_t{16} << 20;

}  // namespace longhaul::testkit::tunables
