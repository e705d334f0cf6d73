// SPDX-License-Identifier: Apache-2.0
// JSON as editors write their settings: with comments (`//`, `/* */`) and a comma behind the last
// member.
//
// Threads: pure function.
#pragma once

#include <stdexcept>
#include <string_view>

#include "longhaul/raw_json.hpp"

namespace longhaul::terminal {

/// Text that is not JSON even so; `what()` begins with `LINE:COLUMN: `.
class invalid_jsonc : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The value without its comments and surplus commas. A byte order mark is skipped. Throws
/// `invalid_jsonc`.
raw_json read_jsonc(std::string_view text);

}  // namespace longhaul::terminal
