// SPDX-License-Identifier: Apache-2.0
// One text for all texts of the same number, exactly: it is never made a machine's number.
//
// Pure function; time grows with the text, whatever its exponent says.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::json {

/// Appends the number at `token` (valid JSON) with all its digits and none that say nothing: `100`,
/// `0.5`, `-2`, and where more than a few zeros were needed for that, as `1.25e30` or `1e-7`.
/// Minus zero is `0`.
void append_canonical_number(std::string& out, std::string_view token);

}  // namespace longhaul::json
