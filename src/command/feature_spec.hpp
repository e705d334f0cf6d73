// SPDX-License-Identifier: Apache-2.0
// What is known about the resources, prompts and completers of a server's file: plain data, turned
// into features by `features.hpp`.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "command/spec.hpp"
#include "longhaul/limits.hpp"
#include "longhaul/prompt.hpp"
#include "longhaul/resource.hpp"

namespace longhaul::command {

/// Where suggestions for one parameter come from: a list, or a program that prints one a line.
///
/// The program's parameters are some of those of the prompt or the template, as texts: the one that
/// is completed has what is typed so far, others what is known of them, or no value. If it has no
/// parameter for what is typed, its lines are all values, and those are suggested that begin so.
struct completion_spec {
  std::vector<std::string> values = {};
  std::optional<program_spec> program = std::nullopt;
};
/// By name of the parameter, or variable.
using completion_specs = std::map<std::string, completion_spec, std::less<>>;

/// A resource, or with variables in its URI a template. It holds `text`, what is in `file` (not of
/// a template), or what `program` prints, whose parameters are the variables.
struct resource_spec {
  resource_options options = {};  ///< without completers
  bool is_template = false;
  std::optional<std::string> text = std::nullopt;
  std::string file = {};  ///< absolute path without symbolic links in its folders; empty: none
  std::optional<program_spec> program = std::nullopt;
  std::vector<int> not_found = {};  ///< exit codes of `program`: the address names nothing
  std::size_t size_limit = defaults::size_limit;  ///< bytes that it may have
  std::size_t max_running = 0;  ///< runs of `program` at once; 0: only the server's own limit
  completion_specs completions = {};
};

/// A prompt of one message of the user.
struct prompt_spec {
  prompt_options options = {};  ///< without arguments and completers
  std::string text = {};        ///< see `prompt_text.hpp`
  std::vector<parameter> parameters = {};
  completion_specs completions = {};
};

}  // namespace longhaul::command
