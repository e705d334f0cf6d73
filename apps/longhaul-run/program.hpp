// SPDX-License-Identifier: Apache-2.0
// Starting the program: an own process group, signals as a fresh process has them, the descriptors
// it is to have and no others, and its death if ours comes first.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/descriptor.hpp"
#include "options.hpp"

namespace longhaul::runner {

/// A program that runs, or why it does not.
struct started_program {
  pid_t id = -1;      ///< also of its process group
  descriptor output;  ///< what it prints; non-blocking
  descriptor errors;
  std::string error = {};   ///< set: it does not run, and left nothing behind; without paths
  std::string detail = {};  ///< `error` with its path
};

/// Requires: the process has one thread, whose death is therefore ours (PR_SET_PDEATHSIG), and each
/// of its descriptors from 3 on is closed by exec. The channel is closed here: from now on it is
/// the program's alone. Throws `std::system_error` if we have not got what it takes.
started_program start_program(const run_options& options);

}  // namespace longhaul::runner
