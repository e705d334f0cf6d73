// SPDX-License-Identifier: Apache-2.0
// From the template of a command line (see `template_item` in spec.hpp) and the values of a call to
// the argument vector of a program. Values are put in place once and never read again: braces,
// quotes, blanks and dollar signs in them mean nothing, and no shell is involved.
//
// An argument must not become an option of the program by what a caller writes: one whose template
// begins with a value is refused where it comes to begin with `-`, unless the parameter has
// `allow_option`, or the literal argument `--` stands before it, or the value is one that the
// template's author has written: a default, or a choice of an enum.
//
// Threads: everything here is immutable once made.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "command/parameter.hpp"
#include "command/spec.hpp"

namespace longhaul::command {

/// What is wrong with a template, and where: an argument, or the parameter named.
struct template_fault {
  std::optional<std::size_t> item = std::nullopt;    ///< of the command; null: of no single one
  std::optional<std::size_t> member = std::nullopt;  ///< of that item, if it is a group
  std::string parameter = {};   ///< the fault is this parameter's (it is used nowhere)
  bool standard_input = false;  ///< the fault is that of the stdin parameter's name
  std::string message = {};     ///< what is wrong and what to write
};

/// A compiled template.
class argument_template {
 public:
  /// Compiles what is right and notes every fault of the rest. The parameters themselves are taken
  /// to be right. `stdin_parameter` may be empty.
  argument_template(const std::vector<template_item>& items,
                    const std::vector<parameter>& parameters,
                    std::string_view stdin_parameter = {});

  /// In the order of the items; those of parameters and of standard input last.
  const std::vector<template_fault>& faults() const noexcept { return faults_; }
  /// What is no fault, but likely not what was meant.
  const std::vector<template_fault>& warnings() const noexcept { return warnings_; }

  /// What the first item says. Requires: no faults.
  const std::string& program() const {
    return groups_.front().arguments.front().pieces.front().literal;
  }

  /// The argument vector for `values` (`parameter_set::read`). Requires: no faults, and one value
  /// for each parameter. Throws `invalid_arguments` for an argument that would pass for an option,
  /// holds NUL or is too long, and for all of them together being too long.
  std::vector<std::string> expand(const parameter_values& values) const;

 private:
  // `literal`, then the value of `parameter` or, with a condition, `then` if it is true.
  struct piece {
    std::string literal;
    std::optional<std::size_t> parameter = std::nullopt;
    std::optional<std::string> then = std::nullopt;
  };
  struct argument {
    std::vector<piece> pieces;
    bool ends_options = false;  // it is the literal `--`
  };
  // Arguments that appear together, once or for each text of a repeated parameter.
  struct group {
    std::vector<argument> arguments;
    std::optional<std::size_t> repeated = std::nullopt;
  };
  struct named {
    std::string name;
    bool repeated = false, number = false, allow_option = false, used = false;
    bool may_be_negative = false;              // and its author says so
    std::unordered_set<std::string> own = {};  // values that its author wrote
  };
  class compiler;
  class expansion;

  std::vector<group> groups_;
  std::vector<named> parameters_;
  std::vector<template_fault> faults_, warnings_;
};

}  // namespace longhaul::command
