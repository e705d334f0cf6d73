// SPDX-License-Identifier: Apache-2.0
// Tools as a person reads them: a table of all, a page of one; and forms likewise. What servers say
// of themselves is made plain (`plain_text.hpp`), whatever it is.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "longhaul/raw_json.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// A line for each tool of a JSON array (`tools` of `tools/list`, MCP "Listing Tools"): its name,
/// whether it runs as a task where any of them says so, and its title or the first line of its
/// description, cut; names are not. What is no tool is left out.
std::string tool_list(const raw_json& tools, const look& looks);

/// One tool (MCP "Tool"): title and description, parameters with their types, what it says of
/// itself, its result, and how it is called: `command` stands before the words of the example, as
/// `longhaul call SERVER NAME`, and `behind` after them.
std::string tool_page(const raw_json& tool, std::string_view command, const look& looks,
                      std::string_view behind = {});

/// What a form asks for (MCP "Elicitation", Requested Schema), as a page has parameters: lines with
/// names, types and descriptions; none for what is no schema of an object.
std::string form_lines(const raw_json& requested_schema, const look& looks);

}  // namespace longhaul::terminal
