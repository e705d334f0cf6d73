// SPDX-License-Identifier: Apache-2.0
// Sizes and rates as people write them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/duration.hpp"
#include "longhaul/rate_limit.hpp"
#include "longhaul/task.hpp"

namespace longhaul::config {

using longhaul::parse_duration;

/// "512", "64KiB", "16MiB", "1GiB", "500kB", "2MB", "1GB", "512B". Null: none of these, or no
/// 64-bit number.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// COUNT/TIME: "30/m", "600/h", "5/10s"; a unit alone is one of it. Null: none of these, a count or
/// a time of 0, or a count beyond `tunables::max_count`.
std::optional<rate> parse_rate(std::string_view text);

}  // namespace longhaul::config
