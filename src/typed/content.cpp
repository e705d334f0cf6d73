// SPDX-License-Identifier: Apache-2.0
#include "longhaul/content.hpp"

#include <stdexcept>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/binary.hpp"
#include "typed/need_object.hpp"

namespace longhaul {

namespace detail {

void need_object(const raw_json& json, std::string_view name) {
  if (!json::value(json).is(json::kind::object)) {
    throw std::invalid_argument(std::string(name) + " must be a JSON object");
  }
}

}  // namespace detail

namespace {

using detail::base64_json;
using detail::chars;

content_item media(std::string_view type, std::string_view bytes, std::string_view mime_type) {
  std::string out;
  json::object o(out);
  o.string("type", type).raw("data", base64_json(bytes)).string("mimeType", mime_type).close();
  return content_item(raw_json::trusted(std::move(out)));
}

// `content`: JSON text.
content_item embedded(std::string_view uri, std::string_view mime_type, std::string_view member,
                      std::string_view content) {
  std::string out;
  json::object o(out);
  o.string("type", "resource").key("resource");
  json::object resource(out);
  resource.string("uri", uri);
  if (!mime_type.empty()) resource.string("mimeType", mime_type);
  resource.raw(member, content).close();
  o.close();
  return content_item(raw_json::trusted(std::move(out)));
}

// `object` with the member `name` set to `value`, at its end.
raw_json with_member(const raw_json& object, std::string_view name, const raw_json& value) {
  detail::need_object(value, name);
  std::string out;
  json::object o(out);
  for (json::members m{json::value(object)}; m.next();) {
    if (m.key() != name) o.raw(m.key(), m.value().raw());
  }
  o.raw(name, value).close();
  return raw_json::trusted(std::move(out));
}

}  // namespace

content_item::content_item(raw_json json) : json_(std::move(json)) {
  detail::need_object(json_, "a content item");
  if (!json::value(json_)["type"].is(json::kind::string)) {
    throw std::invalid_argument("a content item needs a \"type\"");
  }
}

content_item content_item::annotated(const raw_json& annotations) const {
  return content_item(with_member(json_, "annotations", annotations));
}

content_item content_item::with_meta(const raw_json& meta) const {
  return content_item(with_member(json_, "_meta", meta));
}

content_item text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 32);  // the keys, and a few escapes
  json::object o(out);
  o.string("type", "text").string("text", text).close();
  return content_item(raw_json::trusted(std::move(out)));
}

content_item image(std::string_view bytes, std::string_view mime_type) {
  return media("image", bytes, mime_type);
}
content_item image(std::span<const std::byte> bytes, std::string_view mime_type) {
  return media("image", chars(bytes), mime_type);
}
content_item audio(std::string_view bytes, std::string_view mime_type) {
  return media("audio", bytes, mime_type);
}
content_item audio(std::span<const std::byte> bytes, std::string_view mime_type) {
  return media("audio", chars(bytes), mime_type);
}

content_item embedded_text(std::string_view uri, std::string_view mime_type,
                           std::string_view text) {
  std::string quoted;
  json::append_string(quoted, text);
  return embedded(uri, mime_type, "text", quoted);
}
content_item embedded_blob(std::string_view uri, std::string_view mime_type,
                           std::string_view bytes) {
  return embedded(uri, mime_type, "blob", base64_json(bytes));
}
content_item embedded_blob(std::string_view uri, std::string_view mime_type,
                           std::span<const std::byte> bytes) {
  return embedded_blob(uri, mime_type, chars(bytes));
}

content_item resource_link(std::string_view uri, std::string_view name, const link_options& more) {
  std::string out;
  json::object o(out);
  o.string("type", "resource_link").string("uri", uri).string("name", name);
  if (!more.title.empty()) o.string("title", more.title);
  if (!more.description.empty()) o.string("description", more.description);
  if (!more.mime_type.empty()) o.string("mimeType", more.mime_type);
  if (more.size) o.integer("size", *more.size);
  o.close();
  return content_item(raw_json::trusted(std::move(out)));
}

content_item tool_use_content(std::string_view id, std::string_view name, const raw_json& input) {
  detail::need_object(input, "the input of a tool use");
  std::string out;
  json::object o(out);
  o.string("type", "tool_use").string("id", id).string("name", name).raw("input", input).close();
  return content_item(raw_json::trusted(std::move(out)));
}

content_item tool_result_content(std::string_view id, const outcome& result) {
  const json::value body(result.body), content = body["content"];
  if (result.is_protocol_error || !content.is(json::kind::array)) {
    throw std::invalid_argument("the result of a tool use needs content");
  }
  std::string out;
  json::object o(out);
  o.string("type", "tool_result").string("toolUseId", id).raw("content", content.raw());
  if (const json::value more = body["structuredContent"]) o.raw("structuredContent", more.raw());
  if (result.is_error) o.boolean("isError", true);
  o.close();
  return content_item(raw_json::trusted(std::move(out)));
}

}  // namespace longhaul
