// SPDX-License-Identifier: Apache-2.0
// The one entry of JSON text from outside: validated once, as a whole, by simdjson's DOM parser
// (its On-Demand parser does not validate what it skips). Everything behind this door reads bytes
// that are known to be JSON. Each thread keeps a parser of its own.
#pragma once

#include <string>
#include <string_view>

#include "longhaul/raw_json.hpp"

namespace longhaul::json {

/// Checks that `text` is exactly one JSON value: UTF-8, no byte order mark, nesting ≤
/// `tunables::max_depth`, numbers of any size. Throws `invalid_json`; `std::bad_alloc` without
/// memory to look.
void validate(std::string_view text);

/// The same as an answer.
bool is_valid(std::string_view text);

/// As `validate`, for a string whose capacity may be grown by the parser's padding, which saves a
/// copy. Escapes of half a surrogate pair, which `validate` refuses, become U+FFFD: others send
/// them, and no text in UTF-8 can say them. Not in the value of the member `spared` of the
/// outermost object, or of the objects in an outermost array.
void validate_in_place(std::string& text, std::string_view spared = {});

/// `text` (validated) without white space outside strings if it holds CR or LF; else as it is.
std::string without_line_breaks(std::string_view text);
/// The same, behind `out`.
void append_without_line_breaks(std::string& out, std::string_view text);

}  // namespace longhaul::json
