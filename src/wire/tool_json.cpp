// SPDX-License-Identifier: Apache-2.0
#include "wire/tool_json.hpp"

#include <string_view>

#include "json/view.hpp"
#include "json/write.hpp"
#include "wire/feature_json.hpp"

namespace longhaul::wire {
namespace {

std::string_view name_of(task_policy policy) noexcept {
  switch (policy) {
    case task_policy::never:
      return "forbidden";
    case task_policy::always:
      return "required";
    case task_policy::automatic:
      break;
  }
  return "optional";
}

// Before 2026-07-28 an output schema must be an object; others are wrapped under "result".
// Definitions move out, because references point at them from the root.
void append_wrapped_schema(std::string& out, json::value schema) {
  json::object outer(out);
  outer.string("type", "object");
  for (const std::string_view definitions : {"$schema", "$defs", "definitions"}) {
    if (const auto found = schema[definitions]) outer.raw(definitions, found.raw());
  }
  std::string& properties = outer.key("properties");
  properties += R"({"result":)";
  json::object inner(properties);
  for (json::members m(schema); m.next();) {
    if (m.key() == "$schema" || m.key() == "$defs" || m.key() == "definitions") continue;
    inner.raw(m.key(), m.value().raw());
  }
  inner.close();
  properties += '}';
  outer.raw("required", R"(["result"])");
  outer.close();
}

void append_annotations(json::object& tool, const tool_annotations& hints) {
  if (!hints.read_only && !hints.destructive && !hints.idempotent && !hints.open_world) return;
  json::object o(tool.key("annotations"));
  if (hints.read_only) o.boolean("readOnlyHint", *hints.read_only);
  if (hints.destructive) o.boolean("destructiveHint", *hints.destructive);
  if (hints.idempotent) o.boolean("idempotentHint", *hints.idempotent);
  if (hints.open_world) o.boolean("openWorldHint", *hints.open_world);
  o.close();
}

}  // namespace

void append_tool(std::string& out, const tool_definition& tool, const revision_look& revision) {
  const tool_look& look = revision.tools;
  const tool_options& options = tool.options;
  json::object o(out);
  o.string("name", options.name);
  if (revision.features.titles && !options.title.empty()) o.string("title", options.title);
  if (!options.description.empty()) o.string("description", options.description);
  o.raw("inputSchema", tool.input_schema);
  if (look.output_schema && tool.output_schema) {
    const json::value schema(tool.output_schema);
    if (look.any_output_root || schema["type"].equals("object")) {
      o.raw("outputSchema", schema.raw());
    } else {
      append_wrapped_schema(o.key("outputSchema"), schema);
    }
  }
  append_annotations(o, options.annotations);
  if (look.task_support) {
    json::object execution(o.key("execution"));
    execution.string("taskSupport", name_of(options.policy));
    execution.close();
  }
  append_icons(o, options.icons, revision.features);
  if (revision.features.meta && options.meta) o.raw("_meta", options.meta);
  o.close();
}

}  // namespace longhaul::wire
