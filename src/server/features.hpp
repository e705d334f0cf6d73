// SPDX-License-Identifier: Apache-2.0
// What a server offers, entry by entry: tools, prompts, resources, templates, and the completers of
// their arguments. Whatever a caller can have run is a *callable* for the engine: prompts and
// resources are run as tools of the policy `never` are, under names that no tool can have
// (`prompts/greeting`, `resources/notes://today`).
//
// Entries are immutable and shared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uri_template.hpp"
#include "longhaul/prompt.hpp"
#include "longhaul/resource.hpp"
#include "longhaul/tool.hpp"
#include "tasks/tool_source.hpp"

namespace longhaul::serving {

/// One parameter whose value a client mirrors in the header `Mcp-Param-<header>`.
struct mirrored_parameter {
  std::string header;             ///< name after the prefix, as in the schema
  std::vector<std::string> path;  ///< member names from the root of the arguments
};

/// A tool as it is offered, or another callable.
struct tool_entry {
  tool_definition definition;
  std::vector<mirrored_parameter> mirrored;
  argument_leniency leniency;
  std::uint64_t serial = 0;  ///< no two entries of a process have the same

  const std::string& name() const noexcept { return definition.options.name; }
  bool visible_to(std::string_view owner) const {
    return !definition.options.visible_to || definition.options.visible_to(owner);
  }
  /// The arguments of a call (an object) as they are stored and given to the handler.
  /// Throws `std::invalid_argument` if they do not fit. Any thread; takes long for large ones.
  call_arguments accept(const raw_json& arguments) const;
};
using entry_ptr = std::shared_ptr<const tool_entry>;

/// The definition, as the engine shares it.
inline tasks::tool_ptr definition_of(const entry_ptr& entry) {
  return entry ? tasks::tool_ptr(entry, &entry->definition) : nullptr;
}

/// By name of the argument.
using completer_entries = std::map<std::string, entry_ptr, std::less<>>;

struct prompt_entry {
  prompt_options options;
  std::vector<prompt_argument> arguments;
  entry_ptr run;
  completer_entries completers;

  std::uint64_t serial() const noexcept { return run->serial; }
  const std::string& name() const noexcept { return options.name; }
  bool visible_to(std::string_view owner) const { return run->visible_to(owner); }
};
using prompt_ptr = std::shared_ptr<const prompt_entry>;

/// A resource, or a template.
struct resource_entry {
  resource_options options;
  raw_json fixed;                       ///< what is read, if it never changes
  std::optional<uri_template> pattern;  ///< of a template
  entry_ptr run;
  completer_entries completers;

  std::uint64_t serial() const noexcept { return run->serial; }
  /// The URI, or the template.
  const std::string& name() const noexcept { return options.uri; }
  bool visible_to(std::string_view owner) const { return run->visible_to(owner); }
};
using resource_ptr = std::shared_ptr<const resource_entry>;

/// The kinds of callables that are no tools.
namespace callable_kinds {
inline constexpr std::string_view prompts = "prompts", resources = "resources",
                                  completion = "completion", extensions = "extensions";
}

/// `kind/name`.
std::string callable_name(std::string_view kind, std::string_view name);
/// What the engine runs under the name `kind/name`.
entry_ptr callable(tool_definition run, std::string_view kind, std::string_view name);
/// What the handler of a resource is called with: `{"uri":…,"variables":{…}}`.
raw_json read_arguments(std::string_view uri,
                        const std::map<std::string, std::string>& variables = {});
/// The name under which a resource is run.
std::string resource_callable(std::string_view uri);

/// No two entries of a process have the same.
std::uint64_t next_serial() noexcept;

/// As they are offered. Throw `std::invalid_argument` where `make_prompt` and `make_resource`
/// would.
prompt_ptr offered(prompt_definition prompt);
resource_ptr offered(resource_definition resource);

}  // namespace longhaul::serving
