// SPDX-License-Identifier: Apache-2.0
// A tool as the listing of each revision shows it. Pure functions.
#pragma once

#include <string>

#include "longhaul/tool.hpp"
#include "wire/revisions.hpp"

namespace longhaul::wire {

void append_tool(std::string& out, const tool_definition& tool, const revision_look& revision);

}  // namespace longhaul::wire
