// SPDX-License-Identifier: Apache-2.0
#include "client/mirrored.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "client/link.hpp"
#include "client/messages.hpp"
#include "json/view.hpp"

namespace longhaul::remote {
namespace {

constexpr std::string_view annotation = "x-mcp-header";

void collect(json::value schema, json::value given, header_list& into) {
  for (json::members each(schema["properties"]); each.next();) {
    const json::value value = given[each.key()];
    const json::value property = each.value();
    if (!value || value.is(json::kind::null)) continue;
    const auto name = property[annotation].string();
    if (name && is_header(*name, {})) {
      const std::string text = value.string().value_or(std::string(value.raw()));
      into.emplace_back("Mcp-Param-" + *name, header_value(text));
    }
    collect(property, value, into);
  }
}

// Goes wherever a schema may be, so that an annotation that nobody can follow is found too.
class fault_finder {
 public:
  enum class place { root, property, elsewhere };

  void walk(json::value schema, place where) {
    if (const json::value header = schema[annotation]) check(header, schema, where);
    for (json::members each(schema); each.next() && fault.empty();) {
      const std::string_view key = each.key();
      if (is_data(key)) continue;
      if (key == "properties") {
        walk_each(each.value(), where == place::elsewhere ? where : place::property);
      } else if (is_map(key)) {
        walk_each(each.value(), place::elsewhere);
      } else {
        walk_any(each.value());
      }
    }
  }

  std::string fault;

 private:
  static bool is_data(std::string_view key) {
    return key == annotation || key == "const" || key == "enum" || key == "default" ||
           key == "examples";
  }
  // Its members have names of the schema's own.
  static bool is_map(std::string_view key) {
    return key == "$defs" || key == "definitions" || key == "patternProperties" ||
           key == "dependentSchemas";
  }

  void walk_each(json::value schemas, place where) {
    for (json::members each(schemas); each.next() && fault.empty();) walk(each.value(), where);
  }
  void walk_any(json::value value) {
    if (value.is(json::kind::object)) walk(value, place::elsewhere);
    for (json::elements each(value); each.next() && fault.empty();) {
      walk(each.value(), place::elsewhere);
    }
  }

  void check(json::value header, json::value schema, place where) {
    const auto name = header.string();
    const std::string says = std::string(annotation) + ' ' + shown(header.raw());
    if (!name || !is_header(*name, {})) {
      fault = says + " is no name of a header";
    } else if (where != place::property) {
      fault = says + " is not on a property that is always at the same place";
    } else if (!is_mirrored(schema["type"])) {
      fault = says + " is on what is no string, integer or boolean";
    } else if (std::ranges::any_of(names_, [&](const std::string& other) {
                 return same_ignoring_case(other, *name);
               })) {
      fault = says + " comes twice";
    } else {
      names_.push_back(*name);
    }
  }
  static bool is_mirrored(json::value type) {
    return type.equals("string") || type.equals("integer") || type.equals("boolean");
  }

  std::vector<std::string> names_;
};

}  // namespace

header_list mirrored_headers(const raw_json& tool, const raw_json& arguments) {
  header_list result;
  collect(json::value(tool)["inputSchema"], json::value(arguments), result);
  return result;
}

std::string mirroring_fault(const raw_json& tool) {
  fault_finder finder;
  finder.walk(json::value(tool)["inputSchema"], fault_finder::place::root);
  return finder.fault;
}

}  // namespace longhaul::remote
