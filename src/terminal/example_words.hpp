// SPDX-License-Identifier: Apache-2.0
// An example of how a tool is called, with values that its schema allows as far as a glance tells.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "json/view.hpp"
#include "terminal/schema_lookup.hpp"

namespace longhaul::terminal {

/// JSON of a value that `schema` may take: its example, default or first choice, else a plain one
/// of its type.
std::string example_value(json::value schema, json::value root);

/// Words for the shell: `frames=24 scene='some text'`. The required parameters, or the first two
/// where none is; plain.
std::string example_words(const parameter_list& parameters);

/// One word as a shell takes it: quoted where that is needed; plain.
std::string shell_word(std::string_view word);

}  // namespace longhaul::terminal
