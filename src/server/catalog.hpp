// SPDX-License-Identifier: Apache-2.0
// What a server offers: today its tools. The one place where a tool is looked up, by callers and by
// the engine; it may change while the server runs.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/tool.hpp"
#include "server/feature_set.hpp"
#include "server/requests.hpp"
#include "tasks/tool_source.hpp"

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
};

/// A tool as it is offered.
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

/// How a server treats its tools where they do not say otherwise.
struct catalog_options {
  argument_leniency leniency = {};
  bool links = true;     ///< results may have `resource_link` blocks
  bool changes = false;  ///< tools come and go while the server runs, and callers hear of it
};

class catalog final : public tasks::tool_source {
 public:
  explicit catalog(server_identity identity, catalog_options options = {})
      : identity_(std::move(identity)), options_(std::move(options)) {}

  const server_identity& identity() const noexcept { return identity_; }
  bool changes() const noexcept { return options_.changes; }

  /// Throws `std::invalid_argument` for a name that is taken or not allowed, and for a schema that
  /// is not an object schema or has invalid `x-mcp-header` members.
  void add(tool_definition tool);
  /// What runs goes on; what waits in the queue waits until there is a tool of this name again.
  /// False: there is none, or it is one of the fallback tools.
  bool remove(std::string_view name);

  /// Adds the tools for callers that know no tasks (`fallback_tools.hpp`), once. Output schemas of
  /// tools that may take long are not shown from then on: "still running" would not fit them.
  /// Throws `std::invalid_argument` if a tool has one of their names.
  void add_fallback_tools();
  bool has_fallback_tools() const noexcept {
    return fallback_tools_.load(std::memory_order_relaxed);
  }

  /// Null if there is none, or none that this caller may see.
  entry_ptr find_for(const caller& who, std::string_view name) const;
  /// What is suggested to those who poll tasks of this tool; the default if there is none. Takes no
  /// lock while the tools stay as they are: every read of a task asks.
  milliseconds poll_interval_of(std::string_view name) const;
  std::vector<entry_ptr> entries() const { return tools_.all(); }

  // --- for the engine: whoever calls
  tasks::tool_ptr find(std::string_view name) const override;
  std::shared_ptr<const std::vector<tasks::tool_ptr>> all() const override;

  feature_set<tool_entry>& tools() noexcept { return tools_; }
  const feature_set<tool_entry>& tools() const noexcept { return tools_; }
  /// What this caller may see, a page at a time. An absent cursor is the start.
  reply<tool_page> list(const caller& who, std::optional<std::string_view> cursor) const;
  /// Another number when what this owner may see is something else.
  std::size_t seen_by(std::string_view owner) const;
  /// Some tool is not for everybody.
  bool differs_by_caller() const noexcept { return differs_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<const tool_entry> entry_for(tool_definition tool) const;

  /// No two things of a process have the same.
  static std::uint64_t next_serial() noexcept;

  const std::uint64_t serial_ = next_serial();
  const server_identity identity_;
  const catalog_options options_;
  std::atomic<bool> fallback_tools_{false}, differs_{false};
  mutable guarded_mutex all_mutex_;
  mutable std::shared_ptr<const std::vector<tasks::tool_ptr>> all_ LONGHAUL_GUARDED_BY(all_mutex_);
  mutable std::uint64_t all_version_ LONGHAUL_GUARDED_BY(all_mutex_) = 0;
  feature_set<tool_entry> tools_;
};

}  // namespace longhaul::serving
