// SPDX-License-Identifier: Apache-2.0
// A pattern of ECMA-262 as RE2 writes it. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::detail {

/// `pattern` is valid UTF-8. Throws `pattern_fault` (typed/pattern_refusals.hpp) for what not every
/// host reads alike.
std::string pattern_for_re2(std::string_view pattern);

}  // namespace longhaul::detail
