// SPDX-License-Identifier: Apache-2.0
// Arguments that a tool wants in headers as well. MCP 2026-07-28, "x-mcp-header".
//
// Pure functions.
#pragma once

#include "client/http_client.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::remote {

/// `tool` as `tools/list` has it, or absent. Arguments that are null or missing are not mirrored.
header_list mirrored_headers(const raw_json& tool, const raw_json& arguments);

}  // namespace longhaul::remote
