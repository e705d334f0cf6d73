// SPDX-License-Identifier: Apache-2.0
#include "client/mirrored.hpp"

#include "client/messages.hpp"
#include "json/view.hpp"

namespace longhaul::remote {
namespace {

void collect(json::value schema, json::value given, header_list& into) {
  for (json::members each(schema["properties"]); each.next();) {
    const json::value value = given[each.key()];
    const json::value property = each.value();
    if (!value || value.is(json::kind::null)) continue;
    if (const auto name = property["x-mcp-header"].string()) {
      const std::string text = value.string().value_or(std::string(value.raw()));
      into.emplace_back("Mcp-Param-" + *name, header_value(text));
    }
    collect(property, value, into);
  }
}

}  // namespace

header_list mirrored_headers(const raw_json& tool, const raw_json& arguments) {
  header_list result;
  collect(json::value(tool)["inputSchema"], json::value(arguments), result);
  return result;
}

}  // namespace longhaul::remote
