// SPDX-License-Identifier: Apache-2.0
// Columns of one character on a terminal, by a table of our own: `wcwidth` depends on the locale.
//
// Pure function.
#pragma once

#include <cstddef>

namespace longhaul::terminal {

/// 2 for wide ones (East Asia, most emoji), 0 for marks that stand on the one before, for what is
/// not visible and for controls, else 1.
std::size_t character_width(char32_t c) noexcept;

}  // namespace longhaul::terminal
