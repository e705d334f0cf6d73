// SPDX-License-Identifier: Apache-2.0
// Values to JSON, and what a default-constructed struct says about its members.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <cmath>
#include <set>

#include "json/write.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

void append_double(std::string& out, double x) {
  if (!std::isfinite(x)) throw std::invalid_argument("to_json: NaN and infinities are not JSON");
  json::append_number(out, x);
}

std::string_view view(const boost::json::string_view text) { return {text.data(), text.size()}; }

// Boost.JSON's own writer passes invalid UTF-8 through.
void append_value(std::string& out, const boost::json::value& value) {
  namespace bj = boost::json;
  switch (value.kind()) {
    case bj::kind::null:
      out += "null";
      return;
    case bj::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case bj::kind::int64:
      json::append_number(out, std::int64_t{value.get_int64()});
      return;
    case bj::kind::uint64:
      out += std::to_string(value.get_uint64());
      return;
    case bj::kind::double_:
      append_double(out, value.get_double());
      return;
    case bj::kind::string:
      json::append_string(out, view(value.get_string()));
      return;
    case bj::kind::array: {
      char before = '[';
      for (const bj::value& one : value.get_array()) {
        out += before;
        before = ',';
        append_value(out, one);
      }
      out += before == '[' ? "[]" : "]";
      return;
    }
    case bj::kind::object: {
      json::object o(out);
      for (const auto& [key, one] : value.get_object()) append_value(o.key(view(key)), one);
      o.close();
      return;
    }
  }
}

bool is_empty(const type_node& type, const void* at) {
  if (type.kind == shape::raw) return !*static_cast<const raw_json*>(at);
  return type.kind == shape::optional && type.content(at) == nullptr;
}

void append(std::string& out, const type_node& type, const void* at);

void append_sequence(std::string& out, const type_node& type, const void* at) {
  char before = '[';
  type.each(at, [&](std::string_view, const void* one) {
    out += before;
    before = ',';
    append(out, type.element(), one);
  });
  out += before == '[' ? "[]" : "]";
}

void append_object(std::string& out, const type_node& type, const void* at) {
  json::object o(out);
  if (type.kind == shape::map) {
    type.each(at, [&](std::string_view key, const void* one) {
      append(o.key(key), type.element(), one);
    });
  }
  for (const member_node& member : type.members) {
    const type_node& inner = member.type();
    const void* value = member.at_const(at);
    // Left out it would be read as its default.
    const bool must_be_said = inner.kind == shape::optional && member.default_value;
    if (must_be_said || !is_empty(inner, value)) append(o.key(member.name), inner, value);
  }
  o.close();
}

void append(std::string& out, const type_node& type, const void* at) {
  if (is_empty(type, at)) {
    out += "null";
    return;
  }
  switch (type.kind) {
    case shape::anything:
      append_value(out, type.to_value(at));
      return;
    case shape::raw:
      out += static_cast<const raw_json*>(at)->view();
      return;
    case shape::boolean:
      out += type.load(at) != 0 ? "true" : "false";
      return;
    case shape::integer:
      out += type.is_signed ? std::to_string(static_cast<std::int64_t>(type.load(at)))
                            : std::to_string(type.load(at));
      return;
    case shape::number:
      append_double(out, type.load_number(at));
      return;
    case shape::string:
      json::append_string(out, type.load_text(at));
      return;
    case shape::enumeration: {
      const std::uint64_t index = type.load(at);
      if (index >= type.names.size()) {
        throw std::invalid_argument("to_json: an enum value that has no name");
      }
      json::append_string(out, type.names[index]);
      return;
    }
    case shape::optional:
      append(out, type.element(), type.content(at));
      return;
    case shape::sequence:
      append_sequence(out, type, at);
      return;
    case shape::map:
    case shape::object:
      append_object(out, type, at);
      return;
  }
}

// The value as JSON; absent if it is empty or not JSON.
raw_json try_write(const type_node& type, const void* at) {
  if (is_empty(type, at)) return {};
  try {
    return write_json(type, at);
  } catch (const std::invalid_argument&) {
    return {};
  }
}

}  // namespace

raw_json write_json(const type_node& type, const void* object) {
  std::string out;
  append(out, type, object);
  return raw_json::trusted(std::move(out));
}

void finish_object(type_node& node) {
  std::set<std::string_view> names;
  node.with_fresh([&](void* fresh) {
    for (member_node& member : node.members) {
      if (!names.insert(member.name).second) {
        throw std::invalid_argument("two members of a struct and its bases are called " +
                                    in_quotes(member.name));
      }
      const type_node& type = member.type();
      member.default_value = try_write(type, member.at_const(fresh));
      type.with_fresh([&](void* plain) {
        member.optional = type.kind == shape::optional || type.kind == shape::raw ||
                          !(try_write(type, plain) == member.default_value);
      });
    }
  });
}

}  // namespace longhaul::detail
