// SPDX-License-Identifier: Apache-2.0
// Arguments as they are meant (`argument_leniency`): members that hosts add on their own are gone,
// and strings that are JSON text of what is wanted are that JSON. Nothing is refused here; what is
// wrong stays as it is and is refused by the reader, which is strict.
#include <algorithm>
#include <optional>
#include <string>

#include "json/tunables.hpp"
#include "json/validate.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/numbers.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

// No white space around it, and of the kind that is wanted.
bool begins_as(const type_node& type, std::string_view text) {
  if (text.empty() || text.back() == ' ' || text.back() == '\n' || text.back() == '\r' ||
      text.back() == '\t') {
    return false;
  }
  const char first = text.front();
  switch (type.kind) {
    case shape::integer:
    case shape::number:
      return first == '-' || (first >= '0' && first <= '9');
    case shape::boolean:
      return text == "true" || text == "false";
    case shape::sequence:
      return first == '[';
    case shape::map:
    case shape::object:
      return first == '{';
    case shape::anything:
    case shape::raw:
    case shape::string:
    case shape::enumeration:
    case shape::optional:
      break;
  }
  return false;
}

// The JSON that the string holds, if it is what `type` wants.
std::optional<std::string> held_by(const type_node& type, json::value string) {
  auto text = string.string();
  if (!text || !begins_as(type, *text) || !json::is_valid(*text)) return std::nullopt;
  if (type.kind == shape::integer && !read_whole_number(json::value(*text))) return std::nullopt;
  return text;
}

// A copy of a text in which parts are replaced, made only if there is one.
class replacer {
 public:
  explicit replacer(std::string_view text) : text_(text) {}

  void replace(std::string_view part, std::string_view replacement) {
    const auto begin = static_cast<std::size_t>(part.data() - text_.data());
    copy_.append(text_, copied_, begin - copied_).append(replacement);
    copied_ = begin + part.size();
    any_ = true;
  }
  std::optional<std::string> take() {
    if (!any_) return std::nullopt;
    copy_.append(text_, copied_);
    return std::move(copy_);
  }

 private:
  std::string_view text_;
  std::string copy_;
  std::size_t copied_ = 0;
  bool any_ = false;
};

// Null: it is right as it is, or too deep to be right.
std::optional<std::string> tidied(const type_node& given, json::value v, std::size_t depth = 0) {
  const type_node& type = bare(given);
  if (depth > json::tunables::max_depth) return std::nullopt;
  if (v.is(json::kind::string)) {
    auto held = held_by(type, v);
    if (!held) return std::nullopt;
    if (auto inside = tidied(type, json::value(*held), depth + 1)) return inside;
    return held;
  }
  replacer result(v.raw());
  const auto use = [&](const type_node& inner, json::value part) {
    if (const auto text = tidied(inner, part, depth + 1)) result.replace(part.raw(), *text);
  };
  if (type.kind == shape::sequence && v.is(json::kind::array)) {
    const type_node& element = type.element();
    for (json::elements e(v); e.next();) use(element, e.value());
  } else if (type.kind == shape::map) {
    for (json::members m(v); m.next();) use(type.element(), m.value());
  } else if (type.kind == shape::object) {
    for (json::members m(v); m.next();) {
      if (const auto index = find_member(type, m.key())) {
        use(type.members[*index].type(), m.value());
      }
    }
  }
  return result.take();
}

bool has_ignored(const raw_json& arguments, const type_node& type, const argument_leniency& how) {
  if (how.ignored.empty()) return false;
  for (json::members m{json::value(arguments)}; m.next();) {
    if (std::ranges::find(how.ignored, m.key()) != how.ignored.end() &&
        !find_member(type, m.key())) {
      return true;
    }
  }
  return false;
}

}  // namespace

raw_json tidy_arguments(const raw_json& given, const declared_type& declared,
                        const argument_leniency& how) {
  std::string out;
  json::object result(out);
  bool changed = false;
  for (json::members m{json::value(given)}; m.next();) {
    const type_node* type = declared(m.key());
    if (type == nullptr && std::ranges::find(how.ignored, m.key()) != how.ignored.end()) {
      changed = true;
      continue;
    }
    std::optional<std::string> text;
    if (type != nullptr && !how.strict) text = tidied(*type, m.value());
    changed = changed || text;
    result.raw(m.key(), text ? std::string_view(*text) : m.value().raw());
  }
  result.close();
  // What stood in strings may nest deeper than JSON that comes in may, and have line breaks.
  return changed && json::is_valid(out) ? raw_json::trusted(json::without_line_breaks(out)) : given;
}

raw_json typed_schema::tidy(const raw_json& arguments, const argument_leniency& how) const {
  const type_node& type = compiled_->type;
  return tidy_arguments(
      arguments,
      [&](std::string_view name) {
        const auto index = find_member(type, name);
        return index ? &type.members[*index].type() : nullptr;
      },
      how);
}

// What is right as it is needs no second look: nothing that the reader takes would be changed.
raw_json typed_schema::accept(const raw_json& arguments, void* object,
                              const argument_leniency& how) const {
  constexpr std::string_view root = "arguments";
  if (has_ignored(arguments, compiled_->type, how)) {  // as every call of such a host
    raw_json meant = tidy(arguments, how);
    read(meant, object, root);
    return meant;
  }
  try {
    read(arguments, object, root);
    return arguments;
  } catch (const invalid_arguments&) {
    raw_json meant = tidy(arguments, how);
    if (meant.view().data() == arguments.view().data()) throw;
    read(meant, object, root);
    return meant;
  }
}

raw_json tidy_raw_arguments(const raw_json& arguments, const raw_json& schema,
                            const argument_leniency& how) {
  const json::value root(schema);
  const json::value properties = root["properties"];
  const bool closed = root["additionalProperties"].boolean() == false;
  for (const char* open : {"patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref"}) {
    if (root[open]) return arguments;
  }
  const bool names_some = json::members(properties).next();
  if (!closed && (!names_some || root["additionalProperties"])) return arguments;
  return tidy_arguments(
      arguments,
      [&](std::string_view name) { return properties[name] ? &node_of<raw_json>() : nullptr; },
      how);
}

}  // namespace longhaul::detail
