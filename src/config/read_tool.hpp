// SPDX-License-Identifier: Apache-2.0
// One `[[tool]]` of the file, with its parameters, its command and its result.
#pragma once

#include "command/spec.hpp"
#include "config/read_config.hpp"
#include "config/table_reader.hpp"

namespace longhaul::config {

/// What can be read of it; what cannot is a fault.
command::tool_spec read_tool(const toml::table& table, const read_options& options,
                             fault_list& faults);

/// The parameters in `[tool.params]`, in the order of the file. `tool` names the tool in faults.
std::vector<command::parameter> read_parameters(const toml::table& table, const std::string& tool,
                                                fault_list& faults);

/// `command`, and what the program starts with.
void read_command(table_reader& from, const read_options& options, command::tool_spec& tool);
/// `progress`, `result` and the keys around them.
void read_output(table_reader& from, command::tool_spec& tool);

}  // namespace longhaul::config
