// SPDX-License-Identifier: Apache-2.0
// What stands between the braces of a template, of a command or a text (`base/brace_template`):
// `{name}` stands for the parameter's value, `{name?text}` for `text` if the boolean parameter is
// true.
//
// Pure functions. `fail` is told of every fault, in words that say what to write.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/brace_template.hpp"
#include "command/spec.hpp"

namespace longhaul::command {

/// A parameter, by its number, and with a condition the text for it.
struct placeholder {
  std::size_t parameter = 0;
  std::optional<std::string> then = std::nullopt;
};
/// Null: it names no parameter. `example` says what to write behind a `?`.
std::optional<placeholder> read_placeholder(std::string_view inside,
                                            const std::vector<parameter>& known,
                                            std::string_view example, const template_fail& fail);

}  // namespace longhaul::command
