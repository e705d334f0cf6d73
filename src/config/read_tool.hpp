// SPDX-License-Identifier: Apache-2.0
// One `[[tool]]` of the file, with its parameters, its command and its result; of these, what other
// features have as well.
#pragma once

#include "command/spec.hpp"
#include "config/read_config.hpp"
#include "config/table_reader.hpp"

namespace longhaul::config {

/// What can be read of it; what cannot is a fault.
command::tool_spec read_tool(const toml::table& table, const read_options& options,
                             fault_list& faults);

/// The parameters in `[tool.params]`, in the order of the file. `owner` names the table in faults.
std::vector<command::parameter> read_parameters(const toml::table& table, const std::string& owner,
                                                fault_list& faults);

/// `command`, and what the program starts with. Its parameters are there already.
void read_command(table_reader& from, const read_options& options, command::program_spec& program);
/// The same where the command need not use all parameters: only those that it uses stay.
void read_completing_command(table_reader& from, const read_options& options,
                             command::program_spec& program);
void read_stop_grace(table_reader& from, command::program_spec& program);
/// `success`, or another key that holds exit codes.
void read_exit_codes(table_reader& from, std::string_view key, std::vector<int>& into);
/// `retry_on`, `unique`, `concurrency` and the keys around them. Its parameters and its output are
/// there already.
void read_queue(table_reader& from, command::tool_spec& tool);
/// `progress`, `result` and the keys around them.
void read_output(table_reader& from, command::tool_spec& tool);

}  // namespace longhaul::config
