// SPDX-License-Identifier: Apache-2.0
// Values to JSON, and what a default-constructed struct says about its members.
#include <set>

#include "json/write.hpp"
#include "typed/boost_value.hpp"
#include "typed/numbers.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

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
      append_boost(out, type.to_value(at));
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
      append_finite(out, type.load_number(at));
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
