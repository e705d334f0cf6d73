// SPDX-License-Identifier: Apache-2.0
#include "transport/http_cors.hpp"

#include <chrono>

#include "transport/http_syntax.hpp"
#include "transport/tunables.hpp"

namespace longhaul::transport {
namespace {

constexpr std::string_view granted_headers =
    "content-type, accept, authorization, last-event-id, mcp-protocol-version, mcp-session-id, "
    "mcp-method, mcp-name";
constexpr std::string_view granted_prefix = "mcp-";

bool is_granted_by_prefix(std::string_view name) {
  return is_token(name) && name.size() > granted_prefix.size() &&
         same_name(name.substr(0, granted_prefix.size()), granted_prefix);
}

}  // namespace

void append_page_headers(std::string& out, std::string_view origin) {
  out.append("Access-Control-Allow-Origin: ").append(origin);
  out += "\r\nAccess-Control-Expose-Headers: Mcp-Session-Id, WWW-Authenticate\r\nVary: Origin\r\n";
}

void append_preflight_headers(std::string& out, std::string_view methods,
                              std::string_view requested_headers,
                              std::string_view private_network) {
  out.append("Access-Control-Allow-Methods: ").append(methods);
  out.append("\r\nAccess-Control-Allow-Headers: ").append(granted_headers);
  each_element(requested_headers, [&](std::string_view name) {
    if (is_granted_by_prefix(name)) out.append(", ").append(name);
  });
  constexpr std::chrono::seconds age = tunables::preflight_age;
  out.append("\r\nAccess-Control-Max-Age: ").append(std::to_string(age.count())).append("\r\n");
  if (same_name(private_network, "true")) out += "Access-Control-Allow-Private-Network: true\r\n";
}

}  // namespace longhaul::transport
