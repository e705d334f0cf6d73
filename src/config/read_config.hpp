// SPDX-License-Identifier: Apache-2.0
// Reads the file of `longhaul serve`. All faults are found at once, each with its place, what was
// found there and what to write instead; nothing is started before there are none.
//
// Functions of their arguments and of the file system (programs and folders are looked for).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/serve_config.hpp"

namespace longhaul::config {

struct fault {
  std::size_t line = 1, column = 1;  ///< of the file, from 1
  std::string message;
};

struct read_options {
  std::string file_name = "longhaul.toml";  ///< as it is called in messages
  std::string folder = ".";                 ///< relative paths of the file begin here; absolute
  std::string search_path = "/usr/local/bin:/usr/bin:/bin";  ///< where programs are looked for
};

struct read_result {
  serve_config config;
  std::vector<fault> faults;  ///< in the order of the file; `config` is of use if there are none
  std::vector<fault> warnings = {};  ///< what is no fault, but likely not what was meant
};

read_result read_config(std::string_view text, const read_options& options);
/// The same of a file. One that cannot be read is a fault.
read_result load_config(const std::string& path, std::string_view search_path);

/// `FILE:LINE:COLUMN: message`
std::string to_string(const fault& found, std::string_view file_name);

}  // namespace longhaul::config
