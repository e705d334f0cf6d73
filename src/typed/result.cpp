// SPDX-License-Identifier: Apache-2.0
#include "longhaul/result.hpp"

#include <stdexcept>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/need_object.hpp"

namespace longhaul {

tool_result& tool_result::structured(raw_json object) {
  detail::need_object(object, "structured content");
  structured_ = std::move(object);
  return *this;
}

tool_result& tool_result::meta(raw_json object) {
  detail::need_object(object, "_meta");
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
  json::array items(list);
  for (const content_item& item : items_) {
    items.next();
    list += item.json().view();
  }
  items.close();
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
  detail::need_object(json_, "a raw result");
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
