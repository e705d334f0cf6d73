// SPDX-License-Identifier: Apache-2.0
// Durations as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace longhaul {

/// "250ms", "90s", "15m", "2h", "7d", also together from the largest down: "1h30m". Null: none of
/// these, or more than 100 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Exactly, in the largest unit that does that alone: "2 h", "10 min", "90 s", "1500 ms".
std::string in_words(std::chrono::milliseconds length);

}  // namespace longhaul
