// SPDX-License-Identifier: Apache-2.0
#include "typed/schema_arguments.hpp"

#include "json/view.hpp"

namespace longhaul::detail {
namespace {

bool is_required(json::value schema, std::string_view name) {
  for (json::elements e(schema["required"]); e.next();) {
    if (e.value().equals(name)) return true;
  }
  return false;
}

// The definition behind a `$ref` of ours, or the schema itself.
json::value resolved(json::value root, json::value schema) {
  const auto reference = schema["$ref"].string();
  constexpr std::string_view place = "#/$defs/";
  if (!reference || !reference->starts_with(place)) return schema;
  return root["$defs"][std::string_view(*reference).substr(place.size())];
}

std::vector<std::string> choices_in(json::value schema) {
  std::vector<std::string> result;
  for (json::elements e(schema["enum"]); e.next();) {
    if (auto value = e.value().string()) result.push_back(std::move(*value));
  }
  for (json::elements e(schema["oneOf"]); e.next();) {
    if (auto value = e.value()["const"].string()) result.push_back(std::move(*value));
  }
  return result;
}

}  // namespace

std::vector<schema_argument> arguments_in(const raw_json& object_schema) {
  std::vector<schema_argument> result;
  const json::value root(object_schema);
  for (json::members m(root["properties"]); m.next();) {
    const json::value schema = resolved(root, m.value());
    schema_argument argument;
    argument.name = m.key();
    argument.title = schema["title"].string().value_or("");
    argument.description = schema["description"].string().value_or("");
    argument.required = is_required(root, m.key());
    argument.choices = choices_in(schema);
    const json::value type = schema["type"];
    if (type.equals("object") || type.equals("array")) {
      argument.fault = "the member \"" + argument.name +
                       "\" is no string, number, boolean or enum, and clients send strings";
    }
    result.push_back(std::move(argument));
  }
  return result;
}

}  // namespace longhaul::detail
