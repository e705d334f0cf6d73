// SPDX-License-Identifier: Apache-2.0
// Resources, prompts and completions of the file: `[[resource]]`, `[[prompt]]`, `[[completion]]`.
#pragma once

#include <string>
#include <vector>

#include "command/feature_spec.hpp"
#include "config/read_config.hpp"
#include "config/serve_config.hpp"
#include "config/table_reader.hpp"

namespace longhaul::config {

/// All of them, into `config`; what cannot be read is a fault.
void read_features(table_reader& top, const read_options& options, serve_config& config);

command::resource_spec read_resource(const toml::table& table, const read_options& options,
                                     fault_list& faults);
command::prompt_spec read_prompt(const toml::table& table, fault_list& faults);
/// Adds it to the prompt or the template that it names.
void read_completion(const toml::table& table, const read_options& options, serve_config& config,
                     fault_list& faults);

/// `icons`, of whatever is shown to people.
std::vector<icon> read_icons(table_reader& from);
/// How faults call a table: `[[prompt]] "review"`, by the value of `key`.
std::string called_by(std::string_view header, const toml::table& table, std::string_view key);

}  // namespace longhaul::config
