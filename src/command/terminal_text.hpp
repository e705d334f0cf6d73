// SPDX-License-Identifier: Apache-2.0
// What programs print for terminals, as plain text: no escape sequences, no control characters,
// valid UTF-8.
//
// Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace longhaul::command {

/// `line` without ANSI escape sequences (ECMA-48: CSI, OSC and other strings, two-byte ones) and
/// control characters other than tab; invalid UTF-8 becomes U+FFFD.
std::string plain_text(std::string_view line);

/// The last `count` lines of `printed`, each as `plain_text` of what stands behind its last `\r`:
/// what a terminal would still show. Blank lines at the end are left out, as is a last line break.
std::string last_lines(std::string_view printed, std::size_t count);

/// The last bytes of `text`, `most` at the most, beginning with a whole UTF-8 character.
std::string_view last_bytes(std::string_view text, std::size_t most) noexcept;
/// The first ones, ending with a whole character.
std::string_view first_bytes(std::string_view text, std::size_t most) noexcept;

}  // namespace longhaul::command
