// SPDX-License-Identifier: Apache-2.0
// A value of the file as JSON. Members of a table stand in the order of the file. Dates become
// null.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <utility>
#include <vector>

namespace longhaul::config {

void append_json(std::string& out, const toml::node& node);

/// The members of a table in the order of the file; the library sorts them by name.
std::vector<std::pair<const toml::key*, const toml::node*>> in_file_order(const toml::table& table);

}  // namespace longhaul::config
