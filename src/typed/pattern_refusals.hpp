// SPDX-License-Identifier: Apache-2.0
// What the dialects of regular expressions do not share, and what to write instead. Each function
// throws `pattern_fault`; `rest` is the pattern from the construct on.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::detail {

/// Reads on from "the pattern".
struct pattern_fault {
  std::string text;
};

/// A part of a pattern as it stands in the file, without the backslashes that quoting would double.
std::string shown_as(std::string_view construct);
[[noreturn]] void refuse(std::string_view construct, std::string_view advice);

/// `(?` and something other than a colon.
[[noreturn]] void refuse_group(std::string_view rest);
/// A backslash and what stands for no character, or not for the same one everywhere.
[[noreturn]] void refuse_escape(std::string_view rest, bool in_class);
/// `[:` inside brackets.
[[noreturn]] void refuse_posix_class(std::string_view rest);

}  // namespace longhaul::detail
