// SPDX-License-Identifier: Apache-2.0
#include "terminal/schema_lookup.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace longhaul::terminal {
namespace {

using json::kind;

constexpr std::size_t most_hops = 8;       // references that lead to references
constexpr std::size_t most_steps = 32;     // of one reference
constexpr std::size_t most_schemas = 200;  // looked at for one value
constexpr std::size_t most_depth = 16;     // schemas within each other, for one value
constexpr std::size_t most_searched = std::size_t{4} << 20;  // bytes, for references of one value
constexpr std::string_view lists[] = {"anyOf", "oneOf"};

struct type_name {
  std::string_view name;
  type_set type;
};
constexpr std::array<type_name, 7> type_names{{{"null", types::null},
                                               {"boolean", types::boolean},
                                               {"integer", types::integer},
                                               {"number", types::number},
                                               {"string", types::string},
                                               {"array", types::array},
                                               {"object", types::object}}};

// Keywords that say something about values of one type only.
constexpr std::array<type_name, 15> telling_keywords{{{"properties", types::object},
                                                      {"additionalProperties", types::object},
                                                      {"patternProperties", types::object},
                                                      {"items", types::array},
                                                      {"prefixItems", types::array},
                                                      {"minItems", types::array},
                                                      {"maxItems", types::array},
                                                      {"minLength", types::string},
                                                      {"maxLength", types::string},
                                                      {"pattern", types::string},
                                                      {"format", types::string},
                                                      {"minimum", types::number},
                                                      {"maximum", types::number},
                                                      {"exclusiveMinimum", types::number},
                                                      {"multipleOf", types::number}}};

std::string without_percent(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    const bool escaped = text[i] == '%' && i + 2 < text.size() && is_hex_digit(text[i + 1]) &&
                         is_hex_digit(text[i + 2]);
    if (escaped) {
      std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16);
      i += 2;
    }
    result += escaped ? static_cast<char>(code) : text[i];
  }
  return result;
}

// One step of a JSON pointer (RFC 6901), without its escapes.
std::string unescaped_step(std::string_view step) {
  std::string result;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escaped = step[i] == '~' && i + 1 < step.size();
    if (escaped) ++i;
    result += !escaped ? step[i] : step[i] == '1' ? '/' : '~';
  }
  return result;
}

json::value element(json::value list, std::string_view index) {
  std::size_t wanted = 0;
  const auto [stop, error] = std::from_chars(index.data(), index.data() + index.size(), wanted);
  if (error != std::errc() || stop != index.data() + index.size()) return {};
  json::elements e(list);
  for (std::size_t i = 0; e.next(); ++i) {
    if (i == wanted) return e.value();
  }
  return {};
}

json::value pointed_at(std::string_view reference, json::value root) {
  if (!reference.starts_with('#')) return {};
  const std::string pointer = without_percent(reference.substr(1));
  std::string_view rest = pointer;
  json::value at = root;
  for (std::size_t step = 0; !rest.empty() && at; ++step) {
    if (rest.front() != '/' || step == most_steps) return {};
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string name = unescaped_step(rest.substr(1, end - 1));
    at = at.is(kind::array) ? element(at, name) : at[name];
    rest.remove_prefix(end);
  }
  return at;
}

type_set type_of_name(json::value name) {
  for (const type_name& one : type_names) {
    if (name.equals(one.name)) return one.type;
  }
  return 0;
}

type_set type_of_value(json::value v) {
  constexpr std::array<std::pair<kind, type_set>, 6> all{{{kind::null, types::null},
                                                          {kind::boolean, types::boolean},
                                                          {kind::number, types::number},
                                                          {kind::string, types::string},
                                                          {kind::array, types::array},
                                                          {kind::object, types::object}}};
  const auto* const found = std::ranges::find(all, v.type(), &std::pair<kind, type_set>::first);
  return found == all.end() ? type_set{0} : found->second;
}

type_set with(type_set one, type_set other) { return static_cast<type_set>(one | other); }

type_set stated_types(json::value schema) {
  const json::value type = schema["type"];
  type_set result = type_of_name(type);
  for (json::elements e(type); e.next();) result = with(result, type_of_name(e.value()));
  if (result != 0 && schema["nullable"].boolean() == true) result = with(result, types::null);
  return result;
}

type_set implied_types(json::value schema) {
  for (json::members m(schema); m.next();) {
    for (const type_name& one : telling_keywords) {
      if (m.key() == one.name) return one.type;
    }
  }
  return 0;
}

// The choices of a list whose elements are all of `const`; empty: it is another list.
std::vector<schema_choice> titled_choices(json::value list) {
  std::vector<schema_choice> result;
  for (json::elements e(list); e.next();) {
    const json::value value = e.value()["const"];
    if (!value) return {};
    result.push_back({value, e.value()["title"].string().value_or("")});
  }
  return result;
}

std::vector<schema_choice> choices_of(json::value schema) {
  if (const json::value only = schema["const"]) return {{only, {}}};
  std::vector<schema_choice> result;
  for (json::elements e(schema["enum"]); e.next();) result.push_back({e.value(), {}});
  json::elements names(schema["enumNames"]);
  for (schema_choice& one : result) {
    if (!names.next()) break;
    one.title = names.value().string().value_or("");
  }
  for (const std::string_view list : lists) {
    if (result.empty()) result = titled_choices(schema[list]);
  }
  return result;
}

// One walk through a schema and what is within it.
class alternative_walk {
 public:
  explicit alternative_walk(json::value root) : root_(root) {}

  std::vector<alternative> at(json::value unresolved, std::size_t depth) {
    if (unresolved["$ref"]) searched_ += root_.raw().size();
    if (depth == most_depth || ++looked_at_ > most_schemas || searched_ > most_searched) {
      return {{}};
    }
    const json::value schema = resolved(unresolved, root_);
    if (!schema.is(kind::object)) return {{}};
    alternative own{schema, stated_types(schema), choices_of(schema)};
    if (!own.choices.empty()) {
      for (const schema_choice& one : own.choices) {
        own.allowed = with(own.allowed, type_of_value(one.value));
      }
      if (schema["nullable"].boolean() == true) return {own, {{}, types::null, {}}};
      return {own};
    }
    for (const std::string_view list : lists) {
      if (auto several = any_of(schema[list], own, depth); !several.empty()) return several;
    }
    if (own.allowed != 0) return {own};
    if (auto all = all_of(schema["allOf"], depth); !all.empty()) return all;
    own.allowed = implied_types(schema);
    return {own};
  }

 private:
  static bool says_something(const alternative& one) {
    return one.allowed != 0 || !one.choices.empty();
  }

  // Those that say nothing by themselves are what the schema around them is.
  std::vector<alternative> any_of(json::value list, const alternative& own, std::size_t depth) {
    std::vector<alternative> result;
    bool own_is_there = false;
    for (json::elements e(list); e.next() && looked_at_ <= most_schemas;) {
      for (alternative& one : at(e.value(), depth + 1)) {
        if (says_something(one)) {
          result.push_back(std::move(one));
        } else if (!own_is_there) {
          result.push_back(own);
          own_is_there = true;
        }
      }
    }
    return result;
  }

  std::vector<alternative> all_of(json::value list, std::size_t depth) {
    for (json::elements e(list); e.next() && looked_at_ <= most_schemas;) {
      auto result = at(e.value(), depth + 1);
      if (std::ranges::any_of(result, says_something)) return result;
    }
    return {};
  }

  json::value root_;
  std::size_t looked_at_ = 0, searched_ = 0;
};

}  // namespace

json::value resolved(json::value schema, json::value root) {
  for (std::size_t hop = 0; hop < most_hops; ++hop) {
    const auto reference = schema["$ref"].string();
    if (!reference) return schema;
    schema = pointed_at(*reference, root);
  }
  return {};
}

std::vector<alternative> alternatives_of(json::value schema, json::value root) {
  return alternative_walk(root).at(schema, 0);
}

json::value keyword(json::value schema, std::string_view name, json::value root) {
  if (const json::value own = schema[name]) return own;
  return resolved(schema, root)[name];
}

std::string keyword_text(json::value schema, std::string_view name, json::value root) {
  return keyword(schema, name, root).string().value_or("");
}

parameter_list::parameter_list(raw_json input_schema) : schema_(std::move(input_schema)) {
  const json::value top = resolved(root(), root());
  const json::value additional = top["additionalProperties"];
  closed_ = additional.boolean() == false || top["unevaluatedProperties"].boolean() == false;
  if (additional.is(kind::object)) others_ = additional;
  gather(top, true, 0);
}

const parameter* parameter_list::find(std::string_view name) const {
  const auto found = places_.find(std::string(name));
  return found == places_.end() ? nullptr : &all_[found->second];
}

void parameter_list::add(std::string_view name, json::value schema) {
  const auto [place, is_new] = places_.try_emplace(std::string(name), all_.size());
  if (is_new) all_.push_back({std::string(name), schema, false});
}

// `certain`: what is required here is required of every call.
void parameter_list::gather(json::value unresolved, bool certain, std::size_t depth) {
  if (depth == most_depth || ++looked_at_ > most_schemas) return;
  const json::value schema = resolved(unresolved, root());
  for (json::members m(schema["properties"]); m.next();) add(m.key(), m.value());
  for (json::members m(schema["patternProperties"]); m.next();) has_patterns_ = true;
  for (json::elements e(schema["allOf"]); e.next();) gather(e.value(), certain, depth + 1);
  for (const std::string_view list : lists) {
    for (json::elements e(schema[list]); e.next();) gather(e.value(), false, depth + 1);
  }
  if (!certain) return;
  for (json::elements e(schema["required"]); e.next();) {
    const auto name = e.value().string();
    if (!name) continue;
    add(*name, {});
    all_[places_.at(*name)].required = true;
  }
}

}  // namespace longhaul::terminal
