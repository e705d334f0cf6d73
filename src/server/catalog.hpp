// SPDX-License-Identifier: Apache-2.0
// What a server offers: tools, prompts, resources and templates. The one place where each is looked
// up, by callers and by the engine; all of it may change while the server runs.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/extensions.hpp"
#include "server/feature_page.hpp"
#include "server/feature_set.hpp"
#include "server/features.hpp"
#include "server/requests.hpp"
#include "server/resource_watch.hpp"
#include "tasks/tool_source.hpp"

namespace longhaul::serving {

/// How the server presents itself.
struct server_identity {
  std::string name;
  std::string version;
  std::string title;
  std::string instructions;
  std::string description = {};
  std::string website = {};
  std::vector<icon> icons = {};
};

/// How a server treats its tools where they do not say otherwise.
struct catalog_options {
  argument_leniency leniency = {};
  bool links = true;     ///< results may have `resource_link` blocks
  bool changes = false;  ///< features come and go while the server runs, and callers hear of it
};

/// A resource that an address names, and what its handler is called with.
struct found_resource {
  resource_ptr resource;
  raw_json call;  ///< `{"uri":…,"variables":{…}}`
};

/// How often clients are told to look: as the tool says, or as long as it usually takes.
milliseconds poll_interval_of(const tool_options& tool);

class catalog final : public tasks::tool_source {
 public:
  explicit catalog(server_identity identity, catalog_options options = {})
      : identity_(std::move(identity)), options_(std::move(options)) {}

  const server_identity& identity() const noexcept { return identity_; }
  bool changes() const noexcept { return options_.changes; }

  /// Throws `std::invalid_argument` for a name that is taken or not allowed, and for a schema that
  /// is not an object schema or has invalid `x-mcp-header` members.
  void add(tool_definition tool);
  /// Throw `std::invalid_argument` for a name, or an address, that is taken.
  void add(prompt_definition prompt);
  void add(resource_definition resource);
  /// Before the server runs. Throws `std::invalid_argument`, as `extensions::add`.
  void add(const extension& added);
  /// What runs goes on; tasks that wait in the queue wait until there is a tool of this name again,
  /// plain calls do not (tasks/waiting_calls.hpp).
  /// False: there is none, or it is one of the fallback tools.
  bool remove_tool(std::string_view name);
  bool remove_prompt(std::string_view name);
  /// By the address, or the template.
  bool remove_resource(std::string_view uri);

  /// Adds the tools for callers that know no tasks (`fallback_tools.hpp`), once. Output schemas of
  /// tools that may take long are not shown from then on: "still running" would not fit them.
  /// Throws `std::invalid_argument` if a tool has one of their names.
  void add_fallback_tools();
  bool has_fallback_tools() const noexcept {
    return fallback_tools_.load(std::memory_order_relaxed);
  }

  // --- by name and caller: null if there is none, or none that this caller may see
  entry_ptr find_for(const caller& who, std::string_view name) const;
  prompt_ptr find_prompt_for(const caller& who, std::string_view name) const;
  /// A resource of this address, else the first template that it is one of.
  std::optional<found_resource> find_resource_for(const caller& who, const std::string& uri) const;
  /// A template by its own text, or a resource by its address.
  resource_ptr find_template_for(const caller& who, std::string_view uri) const;

  /// What is suggested to those who poll tasks of this tool; the default if there is none. Takes no
  /// lock while the tools stay as they are: every read of a task asks.
  milliseconds poll_interval_of(std::string_view name) const;
  std::vector<entry_ptr> entries() const { return tools_.all(); }

  // --- for the engine: whoever calls
  tasks::tool_ptr find(std::string_view name) const override;
  std::shared_ptr<const std::vector<tasks::tool_ptr>> all() const override;

  feature_set<tool_entry>& tools() noexcept { return tools_; }
  const feature_set<tool_entry>& tools() const noexcept { return tools_; }
  feature_set<prompt_entry>& prompts() noexcept { return prompts_; }
  const feature_set<prompt_entry>& prompts() const noexcept { return prompts_; }
  feature_set<resource_entry>& resources() noexcept { return resources_; }
  const feature_set<resource_entry>& resources() const noexcept { return resources_; }
  feature_set<resource_entry>& templates() noexcept { return templates_; }
  const feature_set<resource_entry>& templates() const noexcept { return templates_; }
  /// Hears of every change of these lists until it is gone.
  void listen(list_kind kind, const std::weak_ptr<list_listener>& listener);
  /// A number that grows with every change of these lists.
  std::uint64_t version(list_kind kind) const noexcept;
  /// Another number when what this owner may see is something else.
  std::size_t seen_by(list_kind kind, std::string_view owner) const;
  /// Some feature is not for everybody.
  bool differs_by_caller() const noexcept { return differs_.load(std::memory_order_relaxed); }
  /// Some argument can be completed.
  bool completes() const noexcept { return completes_.load(std::memory_order_relaxed); }

  resource_watch& watch() noexcept { return watch_; }
  class extensions& extensions() noexcept { return extensions_; }
  const class extensions& extensions() const noexcept { return extensions_; }

 private:
  std::shared_ptr<const tool_entry> entry_for(tool_definition tool) const;
  void forget_all();

  const std::uint64_t serial_ = next_serial();
  const server_identity identity_;
  const catalog_options options_;
  std::atomic<bool> fallback_tools_{false}, differs_{false}, completes_{false};
  mutable guarded_mutex all_mutex_;
  mutable std::shared_ptr<const std::vector<tasks::tool_ptr>> all_ LONGHAUL_GUARDED_BY(all_mutex_);
  mutable std::uint64_t all_version_ LONGHAUL_GUARDED_BY(all_mutex_) = 0;
  feature_set<tool_entry> tools_{list_kind::tools};
  feature_set<prompt_entry> prompts_{list_kind::prompts};
  feature_set<resource_entry> resources_{list_kind::resources}, templates_{list_kind::resources};
  resource_watch watch_;
  class extensions extensions_;
};

}  // namespace longhaul::serving
