// SPDX-License-Identifier: Apache-2.0
#include "typed/form_schema.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "typed/numbers.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

constexpr double most_counted = 1e15;  // more than anybody has, and exact

enum class operand : std::uint8_t { number, count, text, flag };

constexpr std::array<std::pair<std::string_view, operand>, 11> operands{
    {{"minimum", operand::number},
     {"maximum", operand::number},
     {"exclusiveMinimum", operand::number},
     {"exclusiveMaximum", operand::number},
     {"minLength", operand::count},
     {"maxLength", operand::count},
     {"minItems", operand::count},
     {"maxItems", operand::count},
     {"pattern", operand::text},
     {"format", operand::text},
     {"uniqueItems", operand::flag}}};

// Keywords of JSON Schema that say something about values, and that no form has.
constexpr std::array<std::string_view, 17> unchecked{"$ref",
                                                     "$dynamicRef",
                                                     "allOf",
                                                     "not",
                                                     "if",
                                                     "then",
                                                     "else",
                                                     "multipleOf",
                                                     "contains",
                                                     "prefixItems",
                                                     "properties",
                                                     "patternProperties",
                                                     "minContains",
                                                     "propertyNames",
                                                     "dependentRequired",
                                                     "required",
                                                     "dependentSchemas"};

[[noreturn]] void fail(std::string_view member, const std::string& problem) {
  throw std::invalid_argument("form: member " + in_quotes(member) + ": " + problem);
}

void check_operands(std::string_view member, json::value schema) {
  for (const auto& [keyword, wanted] : operands) {
    const json::value given = schema[keyword];
    if (!given) continue;
    const std::string name(keyword);
    const auto whole = count_keyword(given);
    if (wanted == operand::number && !given.is(json::kind::number))
      fail(member, name + " is no number");
    if (wanted == operand::count && (!whole || !is_integer_of_64_bits(given))) {
      fail(member, name + " is no number of characters or elements");
    }
    if (wanted == operand::text && !given.is(json::kind::string))
      fail(member, name + " is no string");
    if (wanted == operand::flag && !given.is(json::kind::boolean)) {
      fail(member, name + " is neither true nor false");
    }
  }
  for (const std::string_view keyword : unchecked) {
    if (schema[keyword]) {
      fail(member, "forms have no \"" + std::string(keyword) + "\": leave it out");
    }
  }
}

void check_choices(std::string_view member, json::value schema) {
  const auto list = [&](std::string_view keyword, auto holds, const char* wanted) {
    const json::value given = schema[keyword];
    if (!given) return;
    std::size_t count = 0;
    bool good = given.is(json::kind::array);
    for (json::elements e(given); e.next(); ++count) good = good && holds(e.value());
    if (!good || count == 0) {
      fail(member, "\"" + std::string(keyword) + "\" must be a list of " + wanted);
    }
  };
  const auto primitive = [](json::value v) {
    return !v.is(json::kind::object) && !v.is(json::kind::array);
  };
  list("enum", primitive, "values");
  const auto titled = [&](json::value v) { return bool(v["const"]) && primitive(v["const"]); };
  list("oneOf", titled, R"(values as {"const": "red", "title": "Red"})");
  list("anyOf", titled, R"(values as {"const": "red", "title": "Red"})");
}

// Of revisions before choices had titles.
void check_choice_names(std::string_view member, json::value schema) {
  const json::value names = schema["enumNames"];
  if (!names) return;
  std::size_t choices = 0, named = 0;
  bool good = names.is(json::kind::array);
  for (json::elements e(schema["enum"]); e.next();) ++choices;
  for (json::elements e(names); e.next(); ++named) good = good && e.value().is(json::kind::string);
  if (!good || named != choices) fail(member, "\"enumNames\" must be a name for each of \"enum\"");
}

void check_form_member(std::string_view member, json::value schema) {
  constexpr std::array<std::string_view, 4> primitive{"string", "number", "integer", "boolean"};
  const json::value type = schema["type"], items = schema["items"];
  const bool list = type.equals("array") && (items["enum"] || items["anyOf"] || items["oneOf"]);
  const bool one = std::ranges::any_of(primitive, [&](auto name) { return type.equals(name); });
  if (!one && !list) {
    fail(member, "forms are flat: strings, numbers, booleans, enums and arrays of enums");
  }
  check_operands(member, schema);
  check_choices(member, schema);
  check_choice_names(member, schema);
  if (list) check_choices(member, items);
}

}  // namespace

std::optional<std::size_t> count_keyword(json::value keyword) {
  const auto number = keyword.number();
  if (!number || !(*number >= 0)) return std::nullopt;
  return static_cast<std::size_t>(std::min(*number, most_counted));
}

void check_form_schema(json::value schema) {
  const json::value properties = schema["properties"], required = schema["required"];
  if (!schema.is(json::kind::object) || !schema["type"].equals("object") ||
      !properties.is(json::kind::object)) {
    throw std::invalid_argument(R"(form: the schema needs "type": "object" and "properties")");
  }
  std::unordered_set<std::string> names;
  for (json::members m(properties); m.next();) {
    const std::string name(m.key());
    if (!names.insert(name).second) fail(name, "it is there twice");
    check_form_member(name, m.value());
  }
  if (required && !required.is(json::kind::array)) {
    throw std::invalid_argument("form: \"required\" must be a list of names");
  }
  for (json::elements e(required); e.next();) {
    const auto name = e.value().string();
    if (!name) throw std::invalid_argument("form: \"required\" must be a list of names");
    if (!names.contains(*name)) fail(*name, "it is required, and not among the properties");
  }
}

}  // namespace longhaul::detail
