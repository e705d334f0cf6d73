// SPDX-License-Identifier: Apache-2.0
// Every number of the helper that somebody may want to change, with its unit and its reason. Those
// that it shares with the server stand in command/tunables.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::runner::tunables {

using namespace std::chrono_literals;

/// Bytes: what a pipe holds.
inline constexpr std::size_t copied_at_once = std::size_t{64} * 1024;
/// When all writers are gone a pipe ends. It does not if one handed its end to a stranger: so many
/// pieces are copied then.
inline constexpr int drained_copies = 256;
/// Between rounds of killing; it grows because who survives one hangs in the kernel.
inline constexpr auto first_pause = 2ms;
inline constexpr auto longest_pause = 200ms;
/// How long we kill before the server is to do it.
inline constexpr auto hand_over_after = 2s;

}  // namespace longhaul::runner::tunables
