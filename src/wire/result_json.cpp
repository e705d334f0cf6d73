// SPDX-License-Identifier: Apache-2.0
#include "wire/result_json.hpp"

namespace longhaul::wire {
namespace {

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

void append_members_except(json::object& into, json::value from, std::string_view left_out,
                           std::string_view left_out_too) {
  for (json::members m(from); m.next();) {
    if (m.key() == left_out || (!left_out_too.empty() && m.key() == left_out_too)) continue;
    into.raw(m.key(), m.value().raw());
  }
}

}  // namespace longhaul::wire
