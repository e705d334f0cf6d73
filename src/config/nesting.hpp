// SPDX-License-Identifier: Apache-2.0
// The TOML library recurses for each level of a dotted key, a table and an array, and so does
// whoever destroys what it made: a file of 50,000 levels would end the process. Depth is therefore
// measured before anything is parsed.
//
// A pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace longhaul::config {

struct place_in_file {
  std::size_t line = 1, column = 1;
};

/// Where the text first nests deeper than `tunables::max_levels`, by dotted keys, headers, arrays
/// and inline tables together; null: nowhere. Knows strings and comments; says nothing of other
/// faults.
std::optional<place_in_file> too_deep(std::string_view text);

}  // namespace longhaul::config
