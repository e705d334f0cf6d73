// SPDX-License-Identifier: Apache-2.0
// What is known about a program, and about one that is a tool: plain data, made by the reader of
// the server's file (config/) or by hand, turned into a tool by `tool.hpp`, or into another feature
// by `features.hpp`. Nothing here touches a process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "longhaul/limits.hpp"
#include "longhaul/rate_limit.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::command {

/// The type of a parameter, or of the items of a repeated one.
enum class value_type : std::uint8_t { string, integer, number, boolean };

/// One parameter of the tool: JSON Schema keywords, and how its value may be used.
struct parameter {
  std::string name;  ///< 1–64 of [A-Za-z0-9_-], not beginning with a digit or '-'
  std::string title = {};
  std::string description = {};
  value_type type = value_type::string;
  bool repeated = false;  ///< `type = "array"`, `type` above is that of its items
  bool required = false;
  raw_json default_value = {};            ///< absent: none; fits the schema
  std::vector<std::string> choices = {};  ///< `enum`, of strings (of the items, if repeated)
  std::vector<long double> numbers = {};  ///< `enum`, of integers or numbers
  std::optional<long double> minimum = std::nullopt, maximum = std::nullopt;  ///< both included
  std::optional<std::size_t> min_length = std::nullopt, max_length = std::nullopt;  ///< code points
  std::string pattern = {};  ///< matches somewhere; empty: none. See typed/ecma_pattern
  std::optional<std::size_t> min_items = std::nullopt, max_items = std::nullopt;
  bool allow_option = false;  ///< a value that begins with `-` is passed on
};

/// One member of `command` in the file: an argument, or a group of arguments that appear together.
///
/// In an argument `{name}` stands for the parameter's value, `{name?text}` for `text` if the
/// boolean parameter is true, `{{` and `}}` for braces. An argument or group is left out if one of
/// its parameters has no value or its condition is false, and repeated for each item of a repeated
/// parameter (at most one such parameter in an argument or group).
using template_item = std::variant<std::string, std::vector<std::string>>;

/// Which output of the program.
enum class stream : std::uint8_t { out, err };

/// Finds progress in what the program prints: RE2 with the named groups `done`, `total`, `percent`,
/// `message` (at least one of them), tried on every line; `\r` also ends a line.
struct progress_pattern {
  std::string expression;
  std::optional<stream> from = std::nullopt;  ///< absent: both
};

/// What of a program's output becomes the tool's result.
enum class result_form : std::uint8_t {
  text,  ///< standard output
  json,  ///< standard output is one JSON object: structured content
  lines  ///< the last `result_lines` lines of standard output, or of standard error if that is
         ///< empty
};

/// A program and how it is run.
struct program_spec {
  std::string program = {};                 ///< absolute path of what is executed
  std::vector<template_item> command = {};  ///< the argument vector, `argv[0]` (literal) included
  std::vector<parameter> parameters = {};   ///< in the order in which hosts list them
  std::string directory = {};               ///< absolute path the program starts in
  /// Variables of the server that the program gets, where they are set …
  std::vector<std::string> pass_environment = {"PATH",   "HOME",     "USER", "LANG",
                                               "LC_ALL", "LC_CTYPE", "TZ",   "TMPDIR"};
  /// … and those set for it.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string stdin_parameter = {};  ///< its value is standard input; empty: /dev/null
  std::vector<int> success = {0};    ///< exit codes that are no error
  std::size_t result_lines = defaults::result_lines;
  std::size_t result_limit = defaults::result_limit;  ///< bytes of output in a result at most
  std::size_t output_limit = defaults::output_limit;  ///< newest bytes kept of each stream
  std::chrono::milliseconds stop_grace = defaults::stop_grace;  ///< between SIGTERM and SIGKILL
};

struct tool_spec : program_spec {
  /// Name, texts, policy, limits, `on_crash`, annotations; its schemas are filled in by `tool.hpp`.
  /// With `retry_on::error` in it, every run that fails is made again …
  tool_options options = {};
  /// … else one that ends with such an exit code, or is killed by a signal.
  std::vector<int> retry_codes = {};
  bool retry_signals = false;
  std::vector<progress_pattern> progress = {};
  result_form result = result_form::text;
  std::optional<longhaul::rate> rate = std::nullopt;  ///< of its calls, by all callers together
};

}  // namespace longhaul::command
