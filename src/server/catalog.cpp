// SPDX-License-Identifier: Apache-2.0
#include "server/catalog.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/names.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "server/fallback_tools.hpp"
#include "server/links.hpp"
#include "typed/option_faults.hpp"

namespace longhaul::serving {
namespace {

constexpr std::string_view header_member = "x-mcp-header";

// RFC 9110 `tchar`.
bool is_token_char(char c) noexcept {
  return is_name_character(c) || std::string_view("!#$%&'*+^`|~").find(c) != std::string_view::npos;
}

[[noreturn]] void refuse(const std::string& tool, const std::string& fault) {
  throw std::invalid_argument("tool \"" + tool + "\": " + fault);
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
    found.push_back({*name, path_});
  }

  const std::string& tool_;
  std::vector<std::string> path_;
};

[[noreturn]] void refuse_taken(std::string_view kind, const std::string& name) {
  throw std::invalid_argument(std::string(kind) + " \"" + name +
                              "\": there is one of this name already");
}

template <class Pointer>
Pointer visible(Pointer feature, const caller& who) {
  if (feature && !feature->visible_to(who.owner)) feature = nullptr;
  return feature;
}

std::uint64_t serial_of(const tool_entry& tool) { return tool.serial; }
template <class Feature>
std::uint64_t serial_of(const Feature& feature) {
  return feature.serial();
}

}  // namespace

void catalog::add(tool_definition tool) {
  const entry_ptr entry = entry_for(std::move(tool));
  if (entry->definition.options.visible_to) differs_ = true;
  if (!tools_.add(entry)) refuse(entry->name(), "there is a tool of this name already");
}

entry_ptr catalog::entry_for(tool_definition tool) const {
  const std::string name = tool.options.name;
  if (!is_tool_name(name)) refuse(name, "a name has " + tool_name_rule());
  const bool is_coroutine = std::holds_alternative<coroutine_handler>(tool.handler);
  if (const auto fault = detail::first_option_fault(tool.options, tool.input_schema, is_coroutine);
      !fault.empty()) {
    refuse(name, fault);
  }
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
  if (has_fallback_tools() && tool.options.policy != task_policy::never) tool.output_schema = {};
  header_finder finder(name);
  finder.walk(json::value(tool.input_schema));
  if (!tool.options.links.value_or(options_.links)) remove_links(tool);
  auto entry = std::make_shared<tool_entry>();
  entry->definition = std::move(tool);
  entry->mirrored = std::move(finder.found);
  entry->serial = next_serial();
  entry->leniency = options_.leniency;
  entry->leniency.strict =
      entry->definition.options.strict_arguments.value_or(options_.leniency.strict);
  return entry;
}

bool catalog::remove_tool(std::string_view name) {
  // Whoever waits for work that takes long was told to call these.
  if (has_fallback_tools() && fallback_verb_of(name)) return false;
  if (!tools_.remove(name)) return false;
  forget_all();
  return true;
}

void catalog::forget_all() {
  std::shared_ptr<const std::vector<tasks::tool_ptr>> forgotten;  // gone without the lock
  const guard lock(all_mutex_);
  forgotten = std::exchange(all_, nullptr);
  all_version_ = 0;
}

void catalog::add(prompt_definition prompt) {
  const prompt_ptr entry = offered(std::move(prompt));
  if (prompts_.find(entry->name())) refuse_taken("prompt", entry->name());
  if (entry->options.visible_to) differs_ = true;
  if (!entry->completers.empty()) completes_ = true;
  if (!prompts_.add(entry)) refuse_taken("prompt", entry->name());
}

void catalog::add(resource_definition resource) {
  const resource_ptr entry = offered(std::move(resource));
  auto& set = entry->pattern ? templates_ : resources_;
  if (set.find(entry->name())) refuse_taken("resource", entry->name());
  if (entry->options.visible_to) differs_ = true;
  if (!entry->completers.empty()) completes_ = true;
  if (!set.add(entry)) refuse_taken("resource", entry->name());
}

void catalog::add(const extension& added) { extensions_.add(added); }

bool catalog::remove_prompt(std::string_view name) { return prompts_.remove(name); }

bool catalog::remove_resource(std::string_view uri) {
  return resources_.remove(uri) || templates_.remove(uri);
}

void catalog::listen(list_kind kind, const std::weak_ptr<list_listener>& listener) {
  switch (kind) {
    case list_kind::tools:
      return tools_.listen(listener);
    case list_kind::prompts:
      return prompts_.listen(listener);
    case list_kind::resources:
      resources_.listen(listener);
      return templates_.listen(listener);
  }
}

std::uint64_t catalog::version(list_kind kind) const noexcept {
  switch (kind) {
    case list_kind::tools:
      return tools_.version();
    case list_kind::prompts:
      return prompts_.version();
    case list_kind::resources:
      break;
  }
  return resources_.version() + templates_.version();
}

std::size_t catalog::seen_by(list_kind kind, std::string_view owner) const {
  std::size_t seen = 0;
  const auto look = [&](const auto& features) {
    for (const auto& feature : features.all()) {
      if (!feature->visible_to(owner)) continue;
      seen = seen * 31 + static_cast<std::size_t>(serial_of(*feature));
    }
  };
  if (kind == list_kind::tools) look(tools_);
  if (kind == list_kind::prompts) look(prompts_);
  if (kind == list_kind::resources) {
    look(resources_);
    look(templates_);
  }
  return seen;
}

void catalog::add_fallback_tools() {
  if (has_fallback_tools()) return;
  for (const entry_ptr& tool : entries()) {
    if (tool->definition.options.policy == task_policy::never) continue;
    const auto without = std::make_shared<tool_entry>(*tool);
    without->definition.output_schema = {};
    tools_.replace(without);
  }
  for (tool_definition& tool : fallback_tools()) add(std::move(tool));
  fallback_tools_ = true;
}

entry_ptr catalog::find_for(const caller& who, std::string_view name) const {
  return visible(tools_.find(name), who);
}

prompt_ptr catalog::find_prompt_for(const caller& who, std::string_view name) const {
  return visible(prompts_.find(name), who);
}

std::optional<found_resource> catalog::find_resource_for(const caller& who,
                                                         const std::string& uri) const {
  if (resource_ptr one = visible(resources_.find(uri), who)) {
    return found_resource{std::move(one), read_arguments(uri, {})};
  }
  for (const resource_ptr& family : templates_.all()) {
    const auto values = family->pattern->match(uri);
    if (values && family->visible_to(who.owner)) {
      return found_resource{family, read_arguments(uri, *values)};
    }
  }
  return std::nullopt;
}

resource_ptr catalog::find_template_for(const caller& who, std::string_view uri) const {
  if (resource_ptr family = visible(templates_.find(uri), who)) return family;
  return visible(resources_.find(uri), who);
}

milliseconds poll_interval_of(const tool_options& tool) {
  if (tool.poll_interval || !tool.expected) {
    return tool.poll_interval.value_or(defaults::poll_interval);
  }
  return std::clamp<milliseconds>(*tool.expected / tunables::polls_expected,
                                  tunables::shortest_poll, tunables::longest_poll);
}

milliseconds catalog::poll_interval_of(std::string_view name) const {
  struct copy {
    std::uint64_t catalog = 0, version = 0;
    std::map<std::string, milliseconds, std::less<>> intervals;
  };
  thread_local copy known;  // of the catalog that this thread was asked of last
  const std::uint64_t version = tools_.version();  // before the reading: never newer than it
  if (known.catalog != serial_ || known.version != version) {
    copy fresh{serial_, version, {}};
    for (const entry_ptr& tool : entries()) {
      fresh.intervals.emplace(tool->name(), serving::poll_interval_of(tool->definition.options));
    }
    known = std::move(fresh);
  }
  const auto found = known.intervals.find(name);
  return found == known.intervals.end() ? defaults::poll_interval : found->second;
}

tasks::tool_ptr catalog::find(std::string_view name) const {
  return definition_of(tools_.find(name));
}

std::shared_ptr<const std::vector<tasks::tool_ptr>> catalog::all() const {
  std::shared_ptr<const std::vector<tasks::tool_ptr>> replaced;  // gone without the lock
  const guard lock(all_mutex_);
  const std::uint64_t version = tools_.version();  // before the reading: never newer than it
  if (all_version_ == version) return all_;
  auto definitions = std::make_shared<std::vector<tasks::tool_ptr>>();
  for (const entry_ptr& tool : tools_.all()) definitions->push_back(definition_of(tool));
  replaced = std::exchange(all_, std::move(definitions));
  all_version_ = version;
  return all_;
}

}  // namespace longhaul::serving
