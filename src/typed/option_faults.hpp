// SPDX-License-Identifier: Apache-2.0
// Which options of a tool make sense, by themselves and together, wherever the tool comes from.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "longhaul/raw_json.hpp"
#include "longhaul/tool.hpp"

namespace longhaul::detail {

/// What is wrong with one of them.
struct option_fault {
  std::string_view option;  ///< its name
  std::string problem;      ///< names it
};

/// All that is wrong, whatever the tool's arguments are.
std::vector<option_fault> option_faults(const tool_options& options, bool is_coroutine);

/// The first thing that is wrong, the template of the key against the schema of the arguments
/// included; empty: nothing.
std::string first_option_fault(const tool_options& options, const raw_json& input_schema,
                               bool is_coroutine);

}  // namespace longhaul::detail
