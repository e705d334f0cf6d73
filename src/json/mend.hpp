// SPDX-License-Identifier: Apache-2.0
// What the parser behind `validate` refuses although others call it JSON: escapes of half a
// surrogate pair, and numbers that no machine type holds. This slow path decides for such texts.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::json {

/// Checks that `text` (UTF-8) is one JSON value by the grammar of RFC 8259, with numbers of any
/// size and nesting within `max_depth`. Empty: it is; else why not, in the words of `invalid_json`.
///
/// An escape of half a surrogate pair is rewritten to \ufffd (U+FFFD), which is as long, so that
/// what stands behind the door can always be said in UTF-8. Not in the value of the member `spared`
/// of the outermost object, or of the objects in an outermost array: who sent it must know it
/// again.
std::string_view mend(std::string& text, std::string_view spared);

/// The same, but nothing may need to be rewritten.
std::string_view check(std::string_view text);

/// True if four hex digits at `digits` are half of a surrogate pair; `which` is "high" or "low".
bool is_high_surrogate(const char* digits) noexcept;
bool is_low_surrogate(const char* digits) noexcept;

}  // namespace longhaul::json
