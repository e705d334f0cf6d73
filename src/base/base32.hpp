// SPDX-License-Identifier: Apache-2.0
// Crockford's base32 in lower case: no i, l, o, u, so that nobody misreads an id.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace longhaul {

/// Writes `bits`, as one big-endian number, into the whole of `text`, right-aligned.
/// Requires: `text.size() * 5 >= bits.size() * 8`.
void encode_base32(std::span<const std::byte> bits, std::span<char> text) noexcept;

/// True if `text` consists of characters of the alphabet only.
bool is_base32(std::string_view text) noexcept;

}  // namespace longhaul
