// SPDX-License-Identifier: Apache-2.0
#include "config/read_features.hpp"

#include <algorithm>
#include <set>

#include "config/tunables.hpp"

namespace longhaul::config {
namespace {

/// Reads tables of one kind as long as there may be more of them; those of one name are a fault.
class distinct_tables {
 public:
  distinct_tables(fault_list& faults, std::string kind, std::string key)
      : faults_(faults), kind_(std::move(kind)), key_(std::move(key)) {}

  /// False: this one is left out.
  bool may_add(const toml::table& table) {
    if (++count_ == tunables::max_features + 1) {
      faults_.add(table, "there are more than " + std::to_string(tunables::max_features) + " " +
                             kind_ + "s");
    }
    return count_ <= tunables::max_features;
  }
  void added(const toml::table& table, const std::string& name) {
    if (name.empty() || names_.insert(name).second) return;
    faults_.add(table.contains(key_) ? *table.get(key_) : table,
                "there is a " + kind_ + " " + in_quotes(name) + " already");
  }

 private:
  fault_list& faults_;
  const std::string kind_, key_;
  std::size_t count_ = 0;
  std::set<std::string> names_;
};

bool is_icon_source(std::string_view source) {
  return source.starts_with("https://") || source.starts_with("data:");
}

icon read_icon(const toml::table& table, const std::string& owner, fault_list& faults) {
  table_reader from(table, owner + " icons", faults);
  icon result;
  if (from.require("source", "source = \"https://example.org/icon.png\"")) {
    from.set("source", result.source);
    if (!result.source.empty() && !is_icon_source(result.source)) {
      from.fail_at("source", "source must begin with https:// or data:");
    }
  }
  from.set("mime_type", result.mime_type);
  from.set("sizes", result.sizes);
  if (const auto theme = from.word("theme", {"light", "dark"})) {
    result.theme = *theme == 0 ? "light" : "dark";
  }
  from.finish();
  return result;
}

}  // namespace

std::string called_by(std::string_view header, const toml::table& table, std::string_view key) {
  const auto* name = table.get_as<std::string>(key);
  std::string result = "[[" + std::string(header) + "]]";
  return name != nullptr ? result + " " + in_quotes(name->get()) : result;
}

std::vector<icon> read_icons(table_reader& from) {
  std::vector<icon> result;
  const toml::node* node = from.find("icons");
  if (node == nullptr) return result;
  const toml::array* all = node->as_array();
  const auto is_table = [](const toml::node& one) { return one.is_table(); };
  if (all == nullptr || !std::ranges::all_of(*all, is_table)) {
    from.fail(*node, R"(icons must be an array of tables, as [{ source = "https://…" }])");
    return result;
  }
  for (const toml::node& one : *all) {
    result.push_back(read_icon(*one.as_table(), from.name(), from.faults()));
  }
  return result;
}

void read_features(table_reader& top, const read_options& options, serve_config& config) {
  fault_list& faults = top.faults();
  distinct_tables resources(faults, "resource", "uri"), prompts(faults, "prompt", "name");
  for_each_table(top, "resource", [&](const toml::table& table) {
    if (!resources.may_add(table)) return;
    config.resources.push_back(read_resource(table, options, faults));
    resources.added(table, config.resources.back().options.uri);
  });
  for_each_table(top, "prompt", [&](const toml::table& table) {
    if (!prompts.may_add(table)) return;
    config.prompts.push_back(read_prompt(table, faults));
    prompts.added(table, config.prompts.back().options.name);
  });
  distinct_tables completions(faults, "completion", "parameter");
  for_each_table(top, "completion", [&](const toml::table& table) {
    if (completions.may_add(table)) read_completion(table, options, config, faults);
  });
}

}  // namespace longhaul::config
