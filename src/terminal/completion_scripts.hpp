// SPDX-License-Identifier: Apache-2.0
// What shells are told so that they complete our command line. The scripts know nothing of it: they
// ask `longhaul __complete -- WORDS…` each time. WORDS are those behind the program's name up to
// the cursor, without their quotes; the last one is being typed and may be empty. It prints a line
// for each suggestion, `VALUE<TAB>DESCRIPTION`, for that whole last word. A value that ends with
// `=` gets no blank behind it; where it prints nothing, files are suggested.
//
// Threads: pure functions.
#pragma once

#include <string_view>
#include <vector>

namespace longhaul::terminal {

/// "bash", "zsh", "fish".
const std::vector<std::string_view>& completion_shells();
/// The script, to be sourced. Throws `std::invalid_argument` for another shell, with those there
/// are.
std::string_view completion_script(std::string_view shell);

}  // namespace longhaul::terminal
