// SPDX-License-Identifier: Apache-2.0
// The headers that mirror a stateless request, held against its body: a load balancer that routes
// by them must see what the server executes. MCP 2026-07-28 "Streamable HTTP: Request Metadata",
// "Server Validation"; tasks extension "Routing Headers".
//
// Pure functions.
#pragma once

#include <optional>
#include <string>

#include "protocol/jsonrpc.hpp"
#include "server/catalog.hpp"
#include "wire/endpoint.hpp"

namespace longhaul::wire {

/// Checks Mcp-Method, Mcp-Name and Mcp-Param-* of a request. Null if they match; else what does
/// not, for the message of a −32020. `tool`: the one that is called; null: none.
std::optional<std::string> header_mismatch(const http_request& headers,
                                           const protocol::message& request,
                                           const serving::tool_entry* tool);

}  // namespace longhaul::wire
