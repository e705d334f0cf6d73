// SPDX-License-Identifier: Apache-2.0
// Which runs that failed are made again (`retry_on` in the file).
//
// Pure function.
#pragma once

#include <string>

#include "command/result.hpp"
#include "command/spec.hpp"

namespace longhaul::command {

/// Why a run that failed is made again, in a few words, as "exit code 75"; empty: it is not.
std::string retry_reason(const tool_spec& tool, const program_end& end);

}  // namespace longhaul::command
