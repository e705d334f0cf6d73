// SPDX-License-Identifier: Apache-2.0
// The arguments of a command line as its author wrote them, values aside: what the checks for
// shells look at. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/arguments.hpp"
#include "command/spec.hpp"

namespace longhaul::command {

/// Stands for a value in the literal text of an argument.
inline constexpr char value_mark = '\x01';

/// An argument of the command, wherever it stands.
struct command_word {
  std::size_t item = 0;
  std::optional<std::size_t> member = std::nullopt;
  std::string written = {};  ///< as in the file
  std::string literal = {};  ///< with `value_mark` for each value
  std::string name = {};     ///< of the first parameter whose value is put in; empty: none
  bool is_text = false;      ///< an interpreter's program text

  bool is_option() const { return literal.size() > 1 && literal.front() == '-'; }
};

/// In the order in which they stand, those of groups one by one. What is wrong with their
/// placeholders is said elsewhere.
std::vector<command_word> words_of(const std::vector<template_item>& command);
/// The program that a word names: `/usr/bin/python3.11` is python. Empty: only a call tells.
std::string program_of(const command_word& word);
/// A fault or a warning at the word.
template_fault fault_at(const command_word& word, std::string message);
/// Whether `names` (with blanks around each) have `name`.
bool holds(std::string_view names, std::string_view name);

}  // namespace longhaul::command
