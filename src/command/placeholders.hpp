// SPDX-License-Identifier: Apache-2.0
// The braces of a template, of a command or a text: `{name}` stands for the parameter's value,
// `{name?text}` for `text` if the boolean parameter is true, `{{` and `}}` for braces.
//
// Pure functions. `fail` is told of every fault, in words that say what to write.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/spec.hpp"

namespace longhaul::command {

using template_fail = std::function<void(std::string)>;

/// A literal, and what stands between the braces behind it; null: nothing, it is the last part.
struct template_part {
  std::string literal = {};
  std::optional<std::string_view> inside = std::nullopt;
};
std::vector<template_part> split_template(std::string_view text, const template_fail& fail);

/// What stands between braces: a parameter, by its number, and with a condition the text for it.
struct placeholder {
  std::size_t parameter = 0;
  std::optional<std::string> then = std::nullopt;
};
/// Null: it names no parameter. `example` says what to write behind a `?`.
std::optional<placeholder> read_placeholder(std::string_view inside,
                                            const std::vector<parameter>& known,
                                            std::string_view example, const template_fail& fail);

}  // namespace longhaul::command
