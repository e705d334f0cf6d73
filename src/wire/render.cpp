// SPDX-License-Identifier: Apache-2.0
#include "wire/render.hpp"

#include <array>

namespace longhaul::wire {
namespace {

constexpr std::array<std::string_view, 8> level_names = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

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

bool mentions(std::string_view body, std::string_view quoted_key) noexcept {
  return body.find(quoted_key) != std::string_view::npos;
}

// True if the body can be spliced behind what is put in front of it.
bool fits(std::string_view body, const result_look& look) {
  if (!look.lead.empty() && mentions(body, R"("resultType")")) return false;
  if (!look.meta.empty() && mentions(body, R"("_meta")")) return false;
  if (!look.resource_links && mentions(body, R"("resource_link")")) return false;
  if (look.structured_content == result_look::structured::any ||
      !mentions(body, R"("structuredContent")")) {
    return true;
  }
  const auto content = json::value(body)["structuredContent"];
  return !content || (look.structured_content == result_look::structured::objects &&
                      content.is(json::kind::object));
}

void append_structured(json::object& into, json::value content, const result_look& look) {
  if (look.structured_content == result_look::structured::none) return;
  if (look.structured_content == result_look::structured::any || content.is(json::kind::object)) {
    into.raw("structuredContent", content.raw());
    return;
  }
  std::string& out = into.key("structuredContent");
  out += R"({"result":)";
  out += content.raw();
  out += '}';
}

void append_content(json::object& into, json::value content, const result_look& look) {
  if (look.resource_links) {
    into.raw("content", content.raw());
    return;
  }
  std::string& out = into.key("content");
  out += '[';
  bool first = true;
  for (json::elements e(content); e.next();) {
    if (!first) out += ',';
    first = false;
    if (!e.value()["type"].equals("resource_link")) {
      out += e.value().raw();
      continue;
    }
    json::object text(out);
    text.string("type", "text").string("text", e.value()["uri"].string().value_or(""));
    text.close();
  }
  out += ']';
}

void append_meta(json::object& into, json::value own, std::string_view added) {
  std::string& out = into.key("_meta");
  out += '{';
  out += added;
  bool first = added.empty();
  for (json::members m(own); m.next();) {
    // What the server says about itself is not for a tool to say.
    if (mentions(added, std::string("\"").append(m.key()) + "\":")) continue;
    if (!first) out += ',';
    first = false;
    json::append_string(out, m.key());
    out += ':';
    out += m.value().raw();
  }
  out += '}';
}

}  // namespace

std::string shown_message(const task_record& task) {
  std::string text = task.status_message;
  if (!task.progress || task.terminal()) return text;
  const bool alone = text.empty();
  if (!alone) text += " (";
  json::append_number(text, task.progress->done);
  if (task.progress->total) {
    text += " of ";
    json::append_number(text, *task.progress->total);
  }
  if (!alone) text += ')';
  return text;
}

void append_task_head(json::object& into, const task_record& task, std::string_view status,
                      std::string_view otherwise) {
  into.string("taskId", task.id()).string("status", status);
  const std::string text = shown_message(task);
  if (!text.empty() || !otherwise.empty()) {
    into.string("statusMessage", text.empty() ? otherwise : std::string_view(text));
  }
  into.string("createdAt", iso8601(task.origin->created_at));
  into.string("lastUpdatedAt", iso8601(task.updated_at));
}

void append_tool(std::string& out, const tool_definition& tool, const tool_look& look) {
  const tool_options& options = tool.options;
  json::object o(out);
  o.string("name", options.name);
  if (look.title && !options.title.empty()) o.string("title", options.title);
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
  o.close();
}

std::string server_info(const serving::server_identity& identity, bool with_title) {
  std::string out;
  json::object o(out);
  o.string("name", identity.name);
  if (with_title && !identity.title.empty()) o.string("title", identity.title);
  o.string("version", identity.version);
  o.close();
  return out;
}

void append_result(std::string& out, std::string_view body, const result_look& look) {
  body = json::value(body).raw();
  const std::string_view members = json::value(body.substr(1)).raw();  // without the brace
  if (fits(body, look)) {
    out += '{';
    out += look.lead;
    if (!look.meta.empty()) {
      out += R"("_meta":{)";
      out += look.meta;
      out += members.starts_with('}') ? "}" : "},";
    } else if (members.starts_with('}') && !look.lead.empty()) {
      out.pop_back();  // the comma
    }
    out += members;
    return;
  }
  std::string lead(look.lead);
  const json::value object(body);
  std::string rebuilt;
  json::object o(rebuilt);
  bool any = false;
  for (json::members m(object); m.next();) {
    if ((m.key() == "resultType" && !look.lead.empty()) || m.key() == "_meta") continue;
    if (m.key() == "structuredContent") {
      if (look.structured_content == result_look::structured::none) continue;
      append_structured(o, m.value(), look);
    } else if (m.key() == "content") {
      append_content(o, m.value(), look);
    } else {
      o.raw(m.key(), m.value().raw());
    }
    any = true;
  }
  const json::value own = object["_meta"];
  if (!look.meta.empty() || own) {
    append_meta(o, own, look.meta);
    any = true;
  }
  o.close();
  out += '{';
  out += lead;
  if (!any && !lead.empty()) out.pop_back();
  out.append(rebuilt, 1);
}

std::string progress_message(json::value token, const tasks::progress_event& event,
                             std::string_view meta) {
  std::string out;
  out.reserve(160 + event.message.size() + meta.size());
  out += R"({"jsonrpc":"2.0","method":"notifications/progress","params":)";
  json::object params(out);
  params.raw("progressToken", token.raw()).number("progress", event.state.done);
  if (event.state.total) params.number("total", *event.state.total);
  if (!event.message.empty()) params.string("message", event.message);
  if (!meta.empty()) {
    std::string& at = params.key("_meta");
    at += '{';
    at += meta;
    at += '}';
  }
  params.close();
  out += '}';
  return out;
}

std::string_view to_string(log_level level) noexcept {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<log_level> parse_log_level(json::value name) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (name.equals(level_names[i])) return static_cast<log_level>(i);
  }
  return std::nullopt;
}

void append_members_except(json::object& into, json::value from, std::string_view left_out,
                           std::string_view left_out_too) {
  for (json::members m(from); m.next();) {
    if (m.key() == left_out || (!left_out_too.empty() && m.key() == left_out_too)) continue;
    into.raw(m.key(), m.value().raw());
  }
}

}  // namespace longhaul::wire
