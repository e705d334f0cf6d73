// SPDX-License-Identifier: Apache-2.0
// What the author of a command line expects of a shell. Arguments are never read by one, so they
// are safe; unless the program is a shell (or another interpreter) itself and a value is put into
// its program text, where a caller could write anything. And what only a shell would understand
// stays as it is written: `*.txt`, `~/`, `$HOME`, `>`.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command/arguments.hpp"
#include "command/spec.hpp"

namespace longhaul::command {

struct shell_findings {
  /// A parameter stands in the program text of an interpreter: each is one, with what to write.
  std::vector<template_fault> faults;
  /// Likely not what was meant.
  std::vector<template_fault> warnings;
};

shell_findings check_for_shell(const std::vector<template_item>& command);

/// `["ls", "-l", "{dir}"]` for `ls -l {dir}`: what was meant by a program with blanks in its name.
std::string as_separate_items(std::string_view line);

}  // namespace longhaul::command
