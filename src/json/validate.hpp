// SPDX-License-Identifier: Apache-2.0
// The one entry of JSON text from outside: validated once, as a whole, by simdjson's DOM parser
// (its On-Demand parser does not validate what it skips). Everything behind this door reads bytes
// that are known to be JSON. Each thread keeps a parser of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "longhaul/raw_json.hpp"

namespace longhaul::json {

/// Nesting that is accepted; what stands in the innermost array or object counts as a level too.
/// Deeper text is hostile, not data; simdjson's own limit is 1,024.
inline constexpr std::size_t max_depth = 512;

/// Checks that `text` is exactly one JSON value: UTF-8, no byte order mark, nesting ≤ `max_depth`,
/// integers within 64 bits. Throws `invalid_json`.
void validate(std::string_view text);

/// The same for a string whose capacity may be grown by the parser's padding, which saves a copy.
void validate_in_place(std::string& text);

/// `text` (validated) without white space outside strings if it holds CR or LF; else as it is.
std::string without_line_breaks(std::string_view text);

}  // namespace longhaul::json
