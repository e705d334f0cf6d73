// SPDX-License-Identifier: Apache-2.0
// From what a person types for one value to the JSON that its schema wants. Where several types
// are allowed, the first that the text fits is taken: one of the schema's choices, an integer, a
// number, true or false, null, a JSON array or object, a string, a list of this one element.
// Numbers keep their digits as they were typed. Where the schema says nothing, the text is a
// string.
//
// Pure functions.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/view.hpp"

namespace longhaul::terminal {

/// Text that is not what a schema wants: `expected integer 1 to 9, got "x"`; plain.
class unfit_word : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The JSON of `text`. References are looked up in `root`. Requires: `text` is UTF-8.
/// Throws `unfit_word`.
std::string typed_word(std::string_view text, json::value schema, json::value root);

/// A list may stand here.
bool takes_list(json::value schema, json::value root);
/// The list of these elements, one or more; one alone may be the whole list as JSON. Throws
/// `unfit_word`. Requires: `takes_list`.
std::string typed_list(std::span<const std::string> texts, json::value schema, json::value root);

/// A string of more than JSON: is it UTF-8?
bool is_utf8(std::string_view text);

}  // namespace longhaul::terminal
