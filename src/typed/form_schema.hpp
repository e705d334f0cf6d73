// SPDX-License-Identifier: Apache-2.0
// What a form may ask: a flat object of primitive members (MCP "Elicitation", Requested Schema),
// which are strings with length, pattern and format, numbers and integers with bounds, booleans,
// choices (`enum`, or `oneOf` and `anyOf` of `const`), and arrays of choices.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <optional>

#include "json/view.hpp"

namespace longhaul::detail {

/// Throws `std::invalid_argument` unless `schema` is that of a form, and nothing in it would go
/// unchecked (patterns aside: `ecma_pattern.hpp`): the text names the member and what is wrong with
/// it.
void check_form_schema(json::value schema);

/// What `minLength` and its like say; null: nothing that counts.
std::optional<std::size_t> count_keyword(json::value keyword);

}  // namespace longhaul::detail
