// SPDX-License-Identifier: Apache-2.0
// Texts with places for values: `{name}` is such a place, `{{` and `}}` stand for braces. What may
// stand between the braces, whoever uses the text says.
//
// Pure functions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul {

/// How one who writes a text is told that a brace may be meant as itself.
inline constexpr std::string_view brace_hint = "; where a brace itself is meant, write {{ or }}";

/// Is told of a fault, in words that say what to write.
using template_fail = std::function<void(std::string)>;

/// A literal, and what stands between the braces behind it; null: nothing, it is the last part.
struct template_part {
  std::string literal = {};
  std::optional<std::string_view> inside = std::nullopt;
};
/// The parts of `text`, which they are views of. `fail` is told of every brace without its other
/// one.
std::vector<template_part> split_template(std::string_view text, const template_fail& fail);

}  // namespace longhaul
