// SPDX-License-Identifier: Apache-2.0
#include "server/registry.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/names.hpp"
#include "json/view.hpp"
#include "server/fallback_tools.hpp"
#include "server/links.hpp"

namespace longhaul::serving {
namespace {

constexpr std::string_view header_member = "x-mcp-header";

// RFC 9110 `tchar`.
bool is_token_char(char c) noexcept {
  return is_name_character(c) || std::string_view("!#$%&'*+^`|~").find(c) != std::string_view::npos;
}

[[noreturn]] void refuse(const std::string& tool, const std::string& what) {
  throw std::invalid_argument("tool \"" + tool + "\": " + what);
}

// Finds `x-mcp-header` along chains of `properties` (2026-07-28 "Custom Headers from Tool
// Parameters"): the only places where it is allowed.
class header_finder {
 public:
  explicit header_finder(const std::string& tool) : tool_(tool) {}

  void walk(json::value schema) {
    for (json::members m(schema["properties"]); m.next();) {
      path_.emplace_back(m.key());
      if (const json::value header = m.value()[header_member]) add(header, m.value());
      walk(m.value());
      path_.pop_back();
    }
  }

  std::vector<mirrored_parameter> found;

 private:
  void add(json::value header, json::value schema) {
    const auto name = header.string();
    if (!name || name->empty() || !std::all_of(name->begin(), name->end(), is_token_char)) {
      refuse(tool_, "x-mcp-header must be a header name (a token of RFC 9110)");
    }
    const auto type = schema["type"].string();
    if (!type || (*type != "string" && *type != "integer" && *type != "boolean")) {
      refuse(tool_, "x-mcp-header \"" + *name + "\" needs a string, integer or boolean");
    }
    for (const auto& other : found) {
      if (same_ignoring_case(other.header, *name)) {
        refuse(tool_, "x-mcp-header \"" + *name + "\" is used twice");
      }
    }
    found.push_back({*name, path_, *type});
  }

  const std::string& tool_;
  std::vector<std::string> path_;
};

}  // namespace

raw_json registered_tool::accept(const raw_json& arguments) const {
  raw_json meant = arguments;
  if (definition.tidy && json::value(arguments).is(json::kind::object)) {
    meant = definition.tidy(arguments, leniency);
  }
  if (definition.check) definition.check(meant);
  return meant;
}

void registry::add(tool_definition tool) {
  const std::string name = tool.options.name;
  if (!is_tool_name(name)) refuse(name, "a name has " + std::string(tool_name_rule));
  if (by_name_.contains(name)) refuse(name, "there is a tool of this name already");
  if (!tool.input_schema) tool.input_schema = raw_json::trusted(R"({"type":"object"})");
  if (!json::value(tool.input_schema)["type"].equals("object")) {
    refuse(name, "the input schema must have \"type\": \"object\" at its root");
  }
  if (!json::value(tool.input_schema)["properties"]) {
    // Some hosts refuse all tools of a server for one schema without it.
    const std::string_view given = json::value(tool.input_schema).raw();
    tool.input_schema =
        raw_json::trusted(std::string(given.substr(0, given.size() - 1)) + R"(,"properties":{}})");
  }
  if (tool.output_schema && !json::value(tool.output_schema).is(json::kind::object)) {
    refuse(name, "the output schema must be an object");
  }
  header_finder finder(name);
  finder.walk(json::value(tool.input_schema));
  auto entry = std::make_unique<registered_tool>();
  if (!tool.options.links.value_or(links_)) remove_links(tool);
  entry->definition = std::move(tool);
  entry->mirrored = std::move(finder.found);
  entry->leniency = leniency_;
  entry->leniency.strict = entry->definition.options.strict_arguments.value_or(leniency_.strict);
  by_name_.emplace(entry->definition.options.name, entry.get());
  tools_.push_back(std::move(entry));
}

void registry::add_fallback_tools() {
  if (fallback_tools_) return;
  for (const auto& tool : tools_) {
    tool_definition& definition = tool->definition;
    if (definition.options.policy != task_policy::never) definition.output_schema = {};
  }
  for (tool_definition& tool : fallback_tools()) add(std::move(tool));
  fallback_tools_ = true;
}

const registered_tool* registry::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace longhaul::serving
