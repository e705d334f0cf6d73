// SPDX-License-Identifier: Apache-2.0
// The command line of longhaul-run.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "longhaul/limits.hpp"

namespace longhaul::runner {

struct run_options {
  std::string folder;                                      ///< --dir
  std::uint64_t output_limit = defaults::output_limit;     ///< --output-limit, bytes
  std::chrono::milliseconds grace = defaults::stop_grace;  ///< --grace
  std::string directory;                                   ///< --cwd; empty: where we are
  std::string stdin_file;                                  ///< --stdin; empty: /dev/null
  int channel = -1;                                        ///< --channel; −1: none
  int lifeline = -1;                                       ///< --lifeline; −1: none
  std::string program;                                     ///< path of what is executed
  std::vector<std::string> arguments;                      ///< argv, argv[0] included
  bool help = false;                                       ///< nothing else was read
};

/// Throws `std::invalid_argument` with a line that says what is wrong.
run_options read_options(const std::vector<std::string>& words);

/// What --help prints.
extern const char* const help_text;

}  // namespace longhaul::runner
