// SPDX-License-Identifier: Apache-2.0
// Finds the program text that a command line gives to an interpreter, as `sh -c TEXT` does.
#pragma once

#include <cstddef>
#include <vector>

#include "command/command_word.hpp"
#include "command/interpreters.hpp"

namespace longhaul::command {

/// Looks through the arguments behind `words[program]`, which is `known`. Marks the texts
/// (`command_word::is_text`), and notes a fault for each into which a value is put.
void find_program_text(std::vector<command_word>& words, std::size_t program,
                       const interpreter& known, std::vector<template_fault>& faults);

}  // namespace longhaul::command
