// SPDX-License-Identifier: Apache-2.0
#include "wire/headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "wire/base64.hpp"

namespace longhaul::wire {
namespace {

constexpr std::string_view prefix = "=?base64?";
constexpr std::string_view suffix = "?=";

// The member of `params` that Mcp-Name mirrors, by method.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> named_methods = {{
    {"tools/call", "name"},
    {"prompts/get", "name"},
    {"resources/read", "uri"},
    {"tasks/get", "taskId"},
    {"tasks/update", "taskId"},
    {"tasks/cancel", "taskId"},
}};

std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_field_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0x20 && c <= 0x7E) || c == '\t'; });
}

template <class Number>
std::optional<Number> number_of(std::string_view text) noexcept {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

bool same_number(std::string_view a, std::string_view b) noexcept {
  // Integers first: a double does not tell 2^53 from 2^53 + 1.
  if (a == b) return number_of<double>(a) || number_of<std::int64_t>(a);
  const auto a_integer = number_of<std::int64_t>(a), b_integer = number_of<std::int64_t>(b);
  if (a_integer && b_integer) return *a_integer == *b_integer;
  const auto a_number = number_of<double>(a), b_number = number_of<double>(b);
  return a_number && b_number && *a_number == *b_number;
}

json::value at_path(json::value object, const std::vector<std::string>& path) {
  for (const auto& name : path) object = object[name];
  return object;
}

std::optional<std::string> check_name(const http_request& headers, const message& request) {
  const auto* named = std::find_if(named_methods.begin(), named_methods.end(),
                                   [&](const auto& m) { return m.first == request.method; });
  if (named == named_methods.end()) return std::nullopt;
  const json::value body = request.params[named->second];
  if (!headers.mcp_name) {
    // What is missing in both is a fault of the parameters, and is reported as one. FastMCP's
    // client sends no name with tasks/*; nothing of ours is routed by it.
    if (!body.is(json::kind::string) || request.method.starts_with("tasks/")) return std::nullopt;
    return "Header mismatch: Mcp-Name is missing";
  }
  const auto value = decode_header_value(*headers.mcp_name);
  if (!value) return "Header mismatch: Mcp-Name is malformed";
  if (body.equals(*value)) return std::nullopt;
  return "Header mismatch: Mcp-Name does not match '" + std::string(named->second) + "'";
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

std::optional<std::string> decode_header_value(std::string_view value) {
  value = trimmed(value);
  if (!is_field_text(value)) return std::nullopt;
  if (value.size() < prefix.size() + suffix.size() || !value.starts_with(prefix) ||
      !value.ends_with(suffix)) {
    return std::string(value);
  }
  return base64_decode(value.substr(prefix.size(), value.size() - prefix.size() - suffix.size()));
}

bool same_value(std::string_view header, json::value body) {
  switch (body.type()) {
    case json::kind::string:
      return body.equals(header);
    case json::kind::number:
      return same_number(header, body.raw());
    case json::kind::boolean:
      return header == body.raw();
    default:
      return false;
  }
}

std::optional<std::string> header_mismatch(const http_request& headers, const message& request,
                                           const serving::registry& tools) {
  if (!headers.repeated_header.empty()) {
    return "Header mismatch: " + std::string(headers.repeated_header) +
           " comes twice with different values";
  }
  if (!headers.mcp_method) return "Header mismatch: Mcp-Method is missing";
  if (trimmed(*headers.mcp_method) != request.method) {
    return "Header mismatch: Mcp-Method does not match the method";
  }
  if (auto fault = check_name(headers, request)) return fault;
  if (request.method != "tools/call") return std::nullopt;
  const auto name = request.params["name"].string();
  const auto* tool = name ? tools.find(*name) : nullptr;
  if (tool == nullptr) return std::nullopt;
  for (const auto& parameter : tool->mirrored) {
    if (auto fault = check_parameter(headers, request.params["arguments"], parameter)) return fault;
  }
  return std::nullopt;
}

}  // namespace longhaul::wire
