// SPDX-License-Identifier: Apache-2.0
// Every bound of JSON text, with its unit and its reason.
#pragma once

#include <cstddef>

namespace longhaul::json::tunables {

/// Arrays and objects in each other that are accepted. Deeper text is hostile, not data; simdjson's
/// own limit is 1,024.
inline constexpr std::size_t max_depth = 511;

/// A parser keeps buffers as large as the largest document it saw; beyond this many bytes they are
/// given back.
inline constexpr std::size_t kept_parser = std::size_t{1} << 20;
/// Bytes that a parser has room for at first: most messages fit.
inline constexpr std::size_t first_parser = 4096;

/// A canonical number without an exponent has digits before the point, and zeros before
/// its first other digit, up to so many, as ECMAScript prints numbers: people read them so.
inline constexpr int most_plain_digits = 21;
inline constexpr int most_plain_zeros = 6;

}  // namespace longhaul::json::tunables
