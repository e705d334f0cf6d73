// SPDX-License-Identifier: Apache-2.0
// `longhaul serve FILE`: reads the file, says all that is wrong with it, or serves its tools.
#pragma once

#include <string>

#include "run/command_line.hpp"

namespace longhaul {

/// The command line; what is empty comes from the file.
struct serve_command {
  std::string file;
  std::string http;
  bool stdio = false;
  std::string store;
  bool check_only = false;
  common_options common;  ///< logging and the end
};

/// The exit code: 0 done, 1 failed while serving, 2 a fault in the file or wrong use.
int run_serve(const serve_command& command);

}  // namespace longhaul
