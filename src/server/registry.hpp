// SPDX-License-Identifier: Apache-2.0
// The tools of a server, in the order they were added. Filled before the server starts and
// read-only afterwards, so reading needs no lock.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "longhaul/tool.hpp"

namespace longhaul::serving {

/// How the server presents itself.
struct server_identity {
  std::string name;
  std::string version;
  std::string title;
  std::string instructions;
};

/// One parameter whose value a client mirrors in the header `Mcp-Param-<header>`.
struct mirrored_parameter {
  std::string header;             ///< name after the prefix, as in the schema
  std::vector<std::string> path;  ///< member names from the root of the arguments
  std::string type;               ///< "string", "integer" or "boolean"
};

struct registered_tool {
  tool_definition definition;
  std::vector<mirrored_parameter> mirrored;
  argument_leniency leniency;

  /// The arguments of a call (an object) as they are stored and given to the handler.
  /// Throws `std::invalid_argument` if they do not fit. Any thread; takes long for large ones.
  raw_json accept(const raw_json& arguments) const;
};

class registry {
 public:
  /// `leniency` and `links`: where a tool does not say otherwise.
  explicit registry(server_identity identity, argument_leniency leniency = {}, bool links = true)
      : identity_(std::move(identity)), leniency_(std::move(leniency)), links_(links) {}

  const server_identity& identity() const noexcept { return identity_; }

  /// Throws `std::invalid_argument` for a name that is taken or not allowed, and for a schema that
  /// is not an object schema or has invalid `x-mcp-header` members.
  void add(tool_definition tool);
  /// Adds the tools for callers that know no tasks (`fallback_tools.hpp`), once. Output schemas of
  /// tools that may take long are not shown from then on: "still running" would not fit them.
  /// Throws `std::invalid_argument` if a tool has one of their names.
  void add_fallback_tools();
  bool has_fallback_tools() const noexcept { return fallback_tools_; }
  /// Null if there is none.
  const registered_tool* find(std::string_view name) const;
  const std::vector<std::unique_ptr<registered_tool>>& all() const noexcept { return tools_; }

 private:
  server_identity identity_;
  argument_leniency leniency_;
  bool links_;
  bool fallback_tools_ = false;
  std::vector<std::unique_ptr<registered_tool>> tools_;
  std::unordered_map<std::string_view, const registered_tool*> by_name_;
};

}  // namespace longhaul::serving
