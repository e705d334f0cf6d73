// SPDX-License-Identifier: Apache-2.0
// What a schema wants, in the words of a person: "integer 1 to 100", "one of a, b, c",
// "list of text", "text matching ^a". Plain text of one line, whatever the server wrote.
//
// Pure functions.
#pragma once

#include <string>

#include "json/view.hpp"
#include "terminal/schema_lookup.hpp"

namespace longhaul::terminal {

/// What a value of `schema` may be; references are looked up in `root`.
std::string type_words(json::value schema, json::value root);
/// The same of what was looked up already.
std::string type_words(const std::vector<alternative>& several, json::value root);

/// A value of a schema as a person reads it: strings as they are where that cannot be mistaken,
/// everything else as JSON; plain.
std::string value_words(json::value v);

}  // namespace longhaul::terminal
