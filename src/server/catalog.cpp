// SPDX-License-Identifier: Apache-2.0
#include "server/catalog.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/names.hpp"
#include "json/view.hpp"
#include "server/fallback_tools.hpp"
#include "server/links.hpp"
#include "server/refusals.hpp"
#include "server/tunables.hpp"

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

}  // namespace

std::uint64_t catalog::next_serial() noexcept {
  static std::atomic<std::uint64_t> serials{0};
  return ++serials;
}

call_arguments tool_entry::accept(const raw_json& arguments) const {
  return definition.accept ? definition.accept(arguments, leniency) : call_arguments(arguments);
}

void catalog::add(tool_definition tool) {
  entry_ptr entry = entry_for(std::move(tool));
  const std::string name = entry->name();
  if (entry->definition.options.visible_to) differs_ = true;
  if (!tools_.add(std::move(entry))) refuse(name, "there is a tool of this name already");
}

entry_ptr catalog::entry_for(tool_definition tool) const {
  const std::string name = tool.options.name;
  if (!is_tool_name(name)) refuse(name, "a name has " + tool_name_rule());
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

bool catalog::remove(std::string_view name) {
  // Whoever waits for work that takes long was told to call these.
  if (has_fallback_tools() && fallback_verb_of(name)) return false;
  if (!tools_.remove(name)) return false;
  std::shared_ptr<const std::vector<tasks::tool_ptr>> forgotten;  // gone without the lock
  const guard lock(all_mutex_);
  forgotten = std::exchange(all_, nullptr);
  all_version_ = 0;
  return true;
}

std::size_t catalog::seen_by(std::string_view owner) const {
  std::size_t seen = 0;
  for (const entry_ptr& tool : entries()) {
    if (tool->visible_to(owner)) seen = seen * 31 + static_cast<std::size_t>(tool->serial);
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
  entry_ptr tool = tools_.find(name);
  if (tool && !tool->visible_to(who.owner)) tool = nullptr;
  return tool;
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
      fresh.intervals.emplace(tool->name(), tool->definition.options.poll_interval);
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

reply<tool_page> catalog::list(const caller& who, std::optional<std::string_view> cursor) const {
  const auto shown = [&](const tool_entry& tool) { return tool.visible_to(who.owner); };
  std::uint64_t from = 0;
  if (cursor) {
    const char* end = cursor->data() + cursor->size();
    const auto [stop, error] = std::from_chars(cursor->data(), end, from);
    // A place behind the first page, without leading zeros; and where the list does not change,
    // exactly what a page gave.
    const bool place = error == std::errc() && stop == end && cursor->front() != '0' &&
                       from >= tunables::tools_per_page;
    const auto before = place && !changes() ? tools_.shown_before(from, shown) : std::nullopt;
    const bool ours = place && (changes() ? from < tools_.end()
                                          : before && *before % tunables::tools_per_page == 0);
    if (!ours) {
      return serving::refuse(refusal::bad_cursor, "this cursor is not one that tools/list gave");
    }
  }
  auto [tools, next] = tools_.page(from, tunables::tools_per_page, shown);
  tool_page page;
  page.tools = std::move(tools);
  if (next) page.next_cursor = std::to_string(*next);
  return page;
}

}  // namespace longhaul::serving
