// SPDX-License-Identifier: Apache-2.0
// Text as one terminal can show it: within its columns, in its characters, in colour if it has any.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "terminal/console.hpp"

namespace longhaul::terminal {

/// `text` of anybody, made plain, in at most `width` columns of that terminal. What was longer ends
/// with `…`, or `..` where there is ASCII only.
std::string fitted(std::string_view text, std::size_t width, const look& look);

/// What a part of a line is, which says how it is coloured.
enum class tone : char { normal, strong, faint, good, bad, asking, busy };
/// `text` in that tone, or as it is without colours. Requires: plain text.
std::string painted(std::string_view text, tone tone, const look& look);

}  // namespace longhaul::terminal
