// SPDX-License-Identifier: Apache-2.0
// The template of a tool's `concurrency_key`: literal text in which `{name}` becomes `name=value`
// of the argument of that name, `{{` and `}}` braces. "{database}" with {"database":"orders"} gives
// "database=orders".
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

/// What is wrong with a template and what to write; empty: nothing. Reads on from the option's name
/// and a colon. `parameters`: what its placeholders may name.
std::string key_template_fault(std::string_view text,
                               const std::vector<std::string_view>& parameters);
/// The same for the properties of the schema of a tool's arguments.
std::string key_template_fault(std::string_view text, const raw_json& input_schema);

/// The key of a call. Of an argument that is a string its text is used, of others their canonical
/// JSON, of one that is not there nothing. Fit to be shown: `?` stands for control characters, and
/// what is longer than `tunables::longest_key` bytes is cut and ends with a digest of the whole.
/// Requires: a template without faults.
std::string key_of(std::string_view text, const raw_json& arguments);

}  // namespace longhaul::detail
