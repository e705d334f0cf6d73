// SPDX-License-Identifier: Apache-2.0
// Patterns of schemas. Hosts read them as ECMA-262 says, some with the flag `u` and some without,
// and drop a whole server for one that they cannot read; we match with RE2. So a pattern may hold
// only what all of them read, and read alike. What it then means is ECMA-262's: `.`, `\s` and the
// like match here what they match there.
//
// One difference is left: characters beyond U+FFFF are one character here and with `u`, and two
// without it, which shows where `.`, `[^…]`, `\S`, `\W` or `\D` are counted.
//
// Pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "longhaul/raw_json.hpp"

namespace re2 {
class RE2;
}

namespace longhaul::detail {

struct checked_pattern {
  std::shared_ptr<const re2::RE2> compiled;  ///< for `PartialMatch`; null: there is a fault
  /// Names what is wrong, and what to write instead; reads on from "the pattern".
  std::string fault;
};
checked_pattern check_pattern(std::string_view pattern);

/// Checks every `pattern`, and every name in `patternProperties`, of a schema that was written by
/// hand. Throws `std::invalid_argument`, whose text begins with the place: `properties.a.pattern`.
void check_patterns_of(const raw_json& schema);

}  // namespace longhaul::detail
