// SPDX-License-Identifier: Apache-2.0
// One text for all texts of the same JSON value, to compare values by: the order of members, white
// space, escapes and the forms of a number make no difference.
//
// Pure functions; time and memory grow with the text, whatever its nesting.
#pragma once

#include <string>

#include "json/view.hpp"

namespace longhaul::json {

/// Members stand in the order of the bytes of their names, without their escapes. Of members of one
/// name the last one counts. Strings hold only those escapes that `append_string` writes. Numbers
/// are as `append_canonical_number` has them. Empty for an absent value.
std::string canonical(value whole);

}  // namespace longhaul::json
