// SPDX-License-Identifier: Apache-2.0
#include "wire/headers.hpp"

#include "base/text.hpp"
#include "protocol/header_value.hpp"
#include "wire/method_table.hpp"

namespace longhaul::wire {
namespace {

json::value at_path(json::value object, const std::vector<std::string>& path) {
  for (const auto& name : path) object = object[name];
  return object;
}

std::optional<std::string> check_name(const http_request& headers, const message& request) {
  const method_row* const method = find_method(revision::v2026_07_28, request.method);
  // A balancer routes prompts by their names, whether they are served here or not.
  const std::string_view named_by = method != nullptr                 ? method->named_by
                                    : request.method == "prompts/get" ? "name"
                                                                      : "";
  if (named_by.empty()) return std::nullopt;
  const json::value body = request.params[named_by];
  if (!headers.mcp_name) {
    // What is missing in both is a fault of the parameters, and is reported as one. FastMCP's
    // client sends no name with tasks/*; nothing of ours is routed by it.
    const bool of_task = request.method.starts_with("tasks/");
    if (of_task || !body.is(json::kind::string)) return std::nullopt;
    return "Header mismatch: Mcp-Name is missing";
  }
  const auto value = decode_header_value(*headers.mcp_name);
  if (!value) return "Header mismatch: Mcp-Name is malformed";
  if (body.equals(*value)) return std::nullopt;
  return "Header mismatch: Mcp-Name does not match '" + std::string(named_by) + "'";
}

std::optional<std::string> check_parameter(const http_request& headers, json::value arguments,
                                           const serving::mirrored_parameter& parameter) {
  const json::value body = at_path(arguments, parameter.path);
  const bool expected = body && !body.is(json::kind::null);
  bool found = false;
  const std::string name = "Mcp-Param-" + parameter.header;
  for (const auto& [header, raw] : headers.mcp_params) {
    if (!same_ignoring_case(header, parameter.header)) continue;
    found = true;
    const auto value = decode_header_value(raw);
    if (!value) return "Header mismatch: " + name + " is malformed";
    if (!expected || !same_value(*value, body)) {
      return "Header mismatch: " + name + " does not match the arguments";
    }
  }
  if (expected && !found) return "Header mismatch: " + name + " is missing";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> header_mismatch(const http_request& headers, const message& request,
                                           const serving::tool_entry* tool) {
  if (!headers.repeated_header.empty()) {
    return "Header mismatch: " + std::string(headers.repeated_header) +
           " comes twice with different values";
  }
  if (!headers.mcp_method) return "Header mismatch: Mcp-Method is missing";
  if (trimmed(*headers.mcp_method) != request.method) {
    return "Header mismatch: Mcp-Method does not match the method";
  }
  if (auto fault = check_name(headers, request)) return fault;
  if (tool == nullptr) return std::nullopt;
  for (const auto& parameter : tool->mirrored) {
    if (auto fault = check_parameter(headers, request.params["arguments"], parameter)) return fault;
  }
  return std::nullopt;
}

}  // namespace longhaul::wire
