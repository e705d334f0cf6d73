// SPDX-License-Identifier: Apache-2.0
// What pages of allowed origins are told, so that browsers let them: the CORS protocol of the Fetch
// standard, and Private Network Access. Pure functions that append header lines.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::transport {

/// On every reply to an allowed origin: it may read the reply, and these of its headers.
void append_page_headers(std::string& out, std::string_view origin);

/// On the reply to a preflight, beside those: what may be sent. `requested_headers`: what the page
/// wants to send; headers that begin with `mcp-` are granted by name. `private_network`: the value
/// of `Access-Control-Request-Private-Network`.
void append_preflight_headers(std::string& out, std::string_view methods,
                              std::string_view requested_headers, std::string_view private_network);

}  // namespace longhaul::transport
