// SPDX-License-Identifier: Apache-2.0
// `[tool.params.NAME]`: JSON Schema as far as it is understood here, and how values may be used.
#include <algorithm>
#include <array>

#include "command/check_parameter.hpp"
#include "config/read_tool.hpp"
#include "config/to_json.hpp"
#include "config/units.hpp"

namespace longhaul::config {
namespace {

using command::parameter;
using command::value_type;

// Keywords of JSON Schema (draft 2020-12) that say something we would have to check.
constexpr std::array<std::string_view, 32> not_understood = {"$ref",
                                                             "$defs",
                                                             "allOf",
                                                             "anyOf",
                                                             "oneOf",
                                                             "not",
                                                             "if",
                                                             "then",
                                                             "else",
                                                             "const",
                                                             "exclusiveMinimum",
                                                             "exclusiveMaximum",
                                                             "multipleOf",
                                                             "format",
                                                             "uniqueItems",
                                                             "prefixItems",
                                                             "contains",
                                                             "minContains",
                                                             "maxContains",
                                                             "properties",
                                                             "patternProperties",
                                                             "additionalProperties",
                                                             "propertyNames",
                                                             "minProperties",
                                                             "maxProperties",
                                                             "dependentRequired",
                                                             "dependentSchemas",
                                                             "unevaluatedItems",
                                                             "unevaluatedProperties",
                                                             "contentEncoding",
                                                             "contentMediaType",
                                                             "examples"};

class parameter_reader {
 public:
  parameter_reader(std::string_view name, const toml::table& table, const std::string& owner,
                   fault_list& faults)
      : from_(table, owner + " params." + std::string(name), faults) {
    parameter_.name = name;
  }

  std::optional<parameter> read() {
    const std::size_t faults_before = from_.faults().size();
    const bool typed = read_type(from_, true);
    const toml::table* items = from_.inner("items");
    parameter_.title = from_.text("title").value_or("");
    parameter_.description = from_.text("description").value_or("");
    if (parameter_.repeated) {
      read_items(items);
      refuse_values();
    } else {
      if (typed && items != nullptr) from_.fail_at("items", "items is for type = \"array\"");
      read_values(from_);
    }
    const auto count = [&](std::string_view key) -> std::optional<std::size_t> {
      const auto given = from_.integer(key, 0, 1'000'000'000);
      return given ? std::optional(static_cast<std::size_t>(*given)) : std::nullopt;
    };
    parameter_.min_items = count("minItems");
    parameter_.max_items = count("maxItems");
    parameter_.required = from_.boolean("required").value_or(false);
    parameter_.allow_option = from_.boolean("allow_option").value_or(false);
    if (const toml::node* value = from_.find("default")) {
      std::string text;
      append_json(text, *value);
      parameter_.default_value = raw_json::trusted(std::move(text));
      if (parameter_.required) {
        from_.fail_at("default",
                      "a required parameter is always given: leave default or required out");
      }
    }
    refuse_keywords(from_);
    from_.finish();
    if (from_.faults().size() != faults_before) return parameter_;
    for (const auto& fault : command::check_parameter(parameter_)) {
      from_.fail(*place_of(fault.keyword), fault.keyword + " " + fault.message);
    }
    return parameter_;
  }

 private:
  const toml::node* place_of(const std::string& keyword) const {
    const toml::node* at = from_.table().get(keyword);
    const toml::table* items = from_.table().get_as<toml::table>("items");
    if (at == nullptr && items != nullptr) at = items->get(keyword);
    return at != nullptr ? at : &from_.table();
  }

  // False: it is missing or wrong.
  bool read_type(table_reader& from, bool whole) {
    std::vector<std::string_view> words = {"string", "integer", "number", "boolean"};
    if (whole) words.emplace_back("array");
    if (!from.require("type", "type = \"string\"")) return false;
    const auto type = from.word("type", words);
    if (!type) return false;
    if (*type == 4) {
      parameter_.repeated = true;
      return true;
    }
    constexpr std::array all = {value_type::string, value_type::integer, value_type::number,
                                value_type::boolean};
    parameter_.type = all[*type];
    return true;
  }

  void read_items(const toml::table* items) {
    if (items == nullptr) {
      if (!from_.table().contains("items")) {
        from_.fail_at("type", "an array needs items = { type = \"string\" }");
      }
      return;
    }
    table_reader from(*items, from_.name() + ".items", from_.faults());
    read_type(from, false);
    read_values(from);
    refuse_keywords(from);
    from.finish();
  }

  // Keywords of one value: the parameter's own, or its items'.
  void read_values(table_reader& from) {
    const auto count = [&](std::string_view key, std::optional<std::size_t>& into) {
      if (const auto given = from.integer(key, 0, 1'000'000'000)) {
        into = static_cast<std::size_t>(*given);
      }
    };
    read_choices(from);
    if (const auto given = from.number("minimum")) parameter_.minimum = given;
    if (const auto given = from.number("maximum")) parameter_.maximum = given;
    count("minLength", parameter_.min_length);
    count("maxLength", parameter_.max_length);
    if (const auto given = from.text("pattern")) parameter_.pattern = *given;
  }

  // Strings, or numbers.
  void read_choices(table_reader& from) {
    const toml::node* node = from.find("enum");
    const toml::array* all = node != nullptr ? node->as_array() : nullptr;
    if (all != nullptr && all->empty()) {
      return from.fail(*node, "enum must name at least one value");
    }
    const auto is_number = [](const toml::node& one) { return one.is_number(); };
    if (all == nullptr || !std::ranges::all_of(*all, is_number)) {
      if (auto choices = from.texts("enum")) parameter_.choices = std::move(*choices);
      return;
    }
    for (const toml::node& one : *all) {
      const auto* whole = one.as_integer();
      parameter_.numbers.push_back(whole != nullptr
                                       ? static_cast<long double>(whole->get())
                                       : static_cast<long double>(one.as_floating_point()->get()));
    }
  }

  // On an array they would be about the whole of it.
  void refuse_values() {
    for (const char* key : {"enum", "minimum", "maximum", "minLength", "maxLength", "pattern"}) {
      if (from_.find(key) == nullptr) continue;
      from_.fail_at(key, std::string(key) + " is about one value: write it into items");
    }
  }

  static void refuse_keywords(table_reader& from) {
    for (const auto& [key, value] : from.table()) {
      if (std::ranges::find(not_understood, key.str()) == not_understood.end()) continue;
      from.find(key.str());
      from.faults().add(key.source().begin, from.name() + ": the keyword " + in_quotes(key.str()) +
                                                " is not understood yet; leave it out");
    }
  }

  table_reader from_;
  parameter parameter_;
};

}  // namespace

std::vector<parameter> read_parameters(const toml::table& table, const std::string& owner,
                                       fault_list& faults) {
  std::vector<parameter> result;
  for (const auto& [key, value] : in_file_order(table)) {
    const toml::table* one = value->as_table();
    if (one == nullptr) {
      faults.add(*value, owner + ": params." + std::string(key->str()) + " must be a table, not " +
                             kind_of(*value));
      continue;
    }
    if (auto parameter = parameter_reader(key->str(), *one, owner, faults).read()) {
      result.push_back(std::move(*parameter));
    }
  }
  return result;
}

}  // namespace longhaul::config
