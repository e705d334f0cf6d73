// SPDX-License-Identifier: Apache-2.0
// The headers that mirror a modern request, held against its body: a load balancer that routes by
// them must see what the server executes. MCP 2026-07-28 "Streamable HTTP: Request Metadata",
// "Server Validation"; tasks extension "Routing Headers".
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/registry.hpp"
#include "wire/endpoint.hpp"
#include "wire/jsonrpc.hpp"

namespace longhaul::wire {

/// A header value with white space trimmed and `=?base64?…?=` decoded. Null: the encoding is wrong,
/// or it holds characters that a header cannot.
std::optional<std::string> decode_header_value(std::string_view value);

/// True if the header value says what the body says: strings byte for byte, numbers by value
/// (42 and 42.0 are one), booleans by name. `header` is decoded.
bool same_value(std::string_view header, json::value body);

/// Checks Mcp-Method, Mcp-Name and Mcp-Param-* of a request. Null if they match; else what does
/// not, for the message of a −32020.
std::optional<std::string> header_mismatch(const http_request& headers, const message& request,
                                           const serving::registry& tools);

}  // namespace longhaul::wire
