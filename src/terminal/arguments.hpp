// SPDX-License-Identifier: Apache-2.0
// The words of a command line as the arguments of a tool, typed by its `inputSchema`:
//
//   key=value    by the schema of `key`; again for each further element of a list
//   key:=json    JSON as it stands; `key:=@file` the JSON of a file
//   key=@file    the text of a file; `key=@@x` is the text `@x`
//   @file.json   an object whose members are arguments, which later words override
//
// `-` as the file is standard input, once. The schema comes from the server: what it does not say,
// or says in ways nobody can read, is left to the server to check.
//
// Threads: pure functions, but for the files.
#pragma once

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/raw_json.hpp"

namespace longhaul::terminal {

/// Words that make no arguments: all that is wrong with them, a line each; plain.
class argument_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The content of a file, or of standard input if its name is `-`. Throws `std::runtime_error`
/// whose text says why not.
using text_source = std::function<std::string(const std::string& path)>;
/// That of this process; at most `most_argument_bytes`. Blocks.
std::string read_argument_file(const std::string& path);
inline constexpr std::size_t most_argument_bytes = std::size_t{64} << 20;

struct read_words {
  raw_json arguments;                ///< an object
  std::vector<std::string> missing;  ///< required parameters that no word gives
};
/// Throws `argument_error`, which also says what is missing; that alone is no error.
read_words read_arguments(const raw_json& input_schema, std::span<const std::string> words,
                          const text_source& source = read_argument_file);
/// The same, but others may give what is missing: no error tells of it.
read_words read_some_arguments(const raw_json& input_schema, std::span<const std::string> words,
                               const text_source& source = read_argument_file);

/// The name that a word gives, as it stands before `=` or `:=`; empty: it is `@file`, or none.
std::string_view name_in_word(std::string_view word) noexcept;

/// What is asked for a parameter that is missing: `frames (integer 1 to 100) [24]: `; plain.
std::string argument_question(const raw_json& input_schema, std::string_view name);
/// What was typed then, by the same rules but for `@`; nothing typed is the default. Throws
/// `argument_error`, of one line.
raw_json read_argument(const raw_json& input_schema, std::string_view name, std::string_view typed);
/// `arguments` with this member, in place of one of the same name.
raw_json with_argument(const raw_json& arguments, std::string_view name, const raw_json& value);

}  // namespace longhaul::terminal
