// SPDX-License-Identifier: Apache-2.0
// Durations and sizes as people write them. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.hpp"

namespace longhaul::config {

/// "250ms", "90s", "15m", "2h", "7d", also together from the largest down: "1h30m". Null: none of
/// these, or more than 100 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "512", "64KiB", "16MiB", "1GiB", "500kB", "2MB", "1GB", "512B". Null: none of these, or no
/// 64-bit number.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// ` "name"; did you mean "other"?`, or the names there are.
std::string unknown_word(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace longhaul::config
