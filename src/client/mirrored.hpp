// SPDX-License-Identifier: Apache-2.0
// Arguments that a tool wants in headers as well. MCP 2026-07-28, "x-mcp-header".
//
// Pure functions.
#pragma once

#include <string>

#include "client/http_client.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::remote {

/// `tool` as `tools/list` has it, or absent. Arguments that are null or missing are not mirrored.
header_list mirrored_headers(const raw_json& tool, const raw_json& arguments);

/// Why callers over HTTP must not be offered this tool: an `x-mcp-header` of its input schema is no
/// token, comes twice, is on what is no string, integer or boolean, or where no chain of
/// `properties` leads. Empty: nothing is wrong.
std::string mirroring_fault(const raw_json& tool);

}  // namespace longhaul::remote
