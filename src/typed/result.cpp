// SPDX-License-Identifier: Apache-2.0
#include "longhaul/result.hpp"

#include <stdexcept>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/binary.hpp"

namespace longhaul {
namespace {

using detail::base64;
using detail::chars;

content_item media(std::string_view type, std::string_view bytes, std::string_view mime_type) {
  std::string out;
  json::object o(out);
  o.string("type", type).string("data", base64(bytes)).string("mimeType", mime_type).close();
  return content_item(raw_json::trusted(std::move(out)));
}

content_item embedded(std::string_view uri, std::string_view mime_type, std::string_view member,
                      std::string_view content) {
  std::string out;
  json::object o(out);
  o.string("type", "resource").key("resource");
  json::object resource(out);
  resource.string("uri", uri);
  if (!mime_type.empty()) resource.string("mimeType", mime_type);
  resource.string(member, content).close();
  o.close();
  return content_item(raw_json::trusted(std::move(out)));
}

void need_object(const raw_json& json, std::string_view name) {
  if (!json::value(json).is(json::kind::object)) {
    throw std::invalid_argument(std::string(name) + " must be a JSON object");
  }
}

// `object` with the member `name` set to `value`, at its end.
raw_json with_member(const raw_json& object, std::string_view name, const raw_json& value) {
  need_object(value, name);
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
  need_object(json_, "a content item");
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
  return embedded(uri, mime_type, "text", text);
}
content_item embedded_blob(std::string_view uri, std::string_view mime_type,
                           std::string_view bytes) {
  return embedded(uri, mime_type, "blob", base64(bytes));
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

tool_result& tool_result::structured(raw_json object) {
  need_object(object, "structured content");
  structured_ = std::move(object);
  return *this;
}

tool_result& tool_result::meta(raw_json object) {
  need_object(object, "_meta");
  meta_ = std::move(object);
  return *this;
}

outcome tool_result::to_outcome() const {
  std::size_t size = structured_.size() + meta_.size() + 80;  // the keys
  for (const content_item& item : items_) size += item.json().size() + 1;
  std::string out;
  out.reserve(size);
  json::object o(out);
  std::string& list = o.key("content");
  list += '[';
  for (const content_item& item : items_) {
    if (list.back() != '[') list += ',';
    list += item.json().view();
  }
  list += ']';
  if (structured_) o.raw("structuredContent", structured_);
  if (is_error_) o.boolean("isError", true);
  if (meta_) o.raw("_meta", meta_);
  o.close();
  return outcome::result(raw_json::trusted(std::move(out)), is_error_);
}

tool_result structured(raw_json object) {
  tool_result result(text(object.view()));
  result.structured(std::move(object));
  return result;
}

raw_result::raw_result(raw_json result) : json_(std::move(result)) {
  need_object(json_, "a raw result");
  if (!json::value(json_)["content"].is(json::kind::array)) {
    throw std::invalid_argument("a raw result needs an array \"content\"");
  }
}

outcome raw_result::to_outcome() const {
  return outcome::result(json_, json::value(json_)["isError"].boolean().value_or(false));
}

namespace detail {
namespace {

using shape = type_node::shape;

}  // namespace

tool_result json_result(const raw_json& value, const type_node& type) {
  const bool may_stand_alone = type.kind == shape::object || type.kind == shape::map ||
                               type.kind == shape::anything || type.kind == shape::raw;
  if (may_stand_alone && json::value(value).is(json::kind::object)) return structured(value);
  std::string wrapped;
  json::object o(wrapped);
  o.raw("result", value).close();
  tool_result result(text(value.view()));
  result.structured(raw_json::trusted(std::move(wrapped)));
  return result;
}

// What says nothing of its JSON may be an object or not: no schema would fit both.
raw_json json_result_schema(const type_node& type) {
  if (type.kind == shape::anything || type.kind == shape::raw) return {};
  raw_json schema = typed_schema(type).text(schema_use::output);
  if (type.kind == shape::object || type.kind == shape::map) return schema;
  std::string wrapped;
  json::object o(wrapped);
  o.string("type", "object").key("properties");
  json::object properties(wrapped);
  properties.raw("result", schema).close();
  o.raw("required", R"(["result"])").boolean("additionalProperties", false).close();
  return raw_json::trusted(std::move(wrapped));
}

}  // namespace detail
}  // namespace longhaul
