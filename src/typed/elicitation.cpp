// SPDX-License-Identifier: Apache-2.0
#include "longhaul/elicitation.hpp"

#include <algorithm>
#include <array>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/ecma_pattern.hpp"

namespace longhaul {
namespace {

std::string as_json_string(std::string_view text) {
  std::string result;
  json::append_string(result, text);
  return result;
}

bool is_enum_array(json::value property) {
  const json::value items = property["items"];
  return property["type"].equals("array") && (items["enum"] || items["anyOf"]);
}

// A flat object of primitive members, as "Requested Schema" has it.
void check_form_schema(const raw_json& schema) {
  const json::value root(schema);
  if (!root.is(json::kind::object) || !root["type"].equals("object") ||
      !root["properties"].is(json::kind::object)) {
    throw std::invalid_argument(R"(form: the schema needs "type": "object" and "properties")");
  }
  constexpr std::array<std::string_view, 4> primitive{"string", "number", "integer", "boolean"};
  for (json::members m(root["properties"]); m.next();) {
    const json::value type = m.value()["type"];
    const bool fits = std::ranges::any_of(primitive, [&](auto name) { return type.equals(name); });
    if (!fits && !is_enum_array(m.value())) {
      throw std::invalid_argument("form: member " + as_json_string(m.key()) +
                                  ": forms are flat: strings, numbers, booleans, enums and arrays "
                                  "of enums");
    }
  }
  try {
    detail::check_patterns_of(schema);
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument(std::string("form: ") + e.what());
  }
}

// RFC 3986: a scheme, a colon, something behind it, and nothing but visible ASCII.
bool is_absolute_url(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto in_scheme = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  constexpr std::string_view forbidden = "\"<>\\^`{|}";
  return letter(text.front()) && std::ranges::all_of(text.substr(0, colon), in_scheme) &&
         std::ranges::all_of(text, [&](char c) {
           return c > ' ' && c < '\x7F' && forbidden.find(c) == std::string_view::npos;
         });
}

}  // namespace

elicitation elicitation::from_schema(std::string message, raw_json schema) {
  elicitation result;
  result.message = std::move(message);
  result.requested_schema = std::move(schema);
  return result;
}

elicitation elicitation::form(std::string message, raw_json schema) {
  check_form_schema(schema);
  return from_schema(std::move(message), std::move(schema));
}

elicitation elicitation::url(std::string message, std::string address) {
  if (!is_absolute_url(address)) {
    throw std::invalid_argument("url: " + as_json_string(address) + " is not an absolute URL");
  }
  elicitation result;
  result.how = mode::url;
  result.message = std::move(message);
  result.address = std::move(address);
  return result;
}

raw_json elicitation::request() const {
  std::string out;
  json::object root(out);
  root.string("method", "elicitation/create").key("params");
  json::object params(out);
  params.string("mode", how == mode::form ? "form" : "url").string("message", message);
  if (how == mode::url) {
    params.string("url", address);
  } else if (requested_schema) {
    params.raw("requestedSchema", requested_schema);
  } else {
    params.raw("requestedSchema", R"({"type":"object","properties":{}})");
  }
  params.close();
  root.close();
  return raw_json::trusted(std::move(out));
}

answer answer::parse(const raw_json& elicit_result) {
  const json::value root(elicit_result);
  if (!root.is(json::kind::object)) throw question_error("an answer is not an object");
  answer result;
  const json::value given = root["action"];
  if (given.equals("accept")) {
    result.chosen = action::accept;
  } else if (given.equals("decline")) {
    result.chosen = action::decline;
  } else if (!given.equals("cancel")) {
    throw question_error(R"(an answer needs "action": "accept", "decline" or "cancel")");
  }
  const json::value content = root["content"];
  if (!result.accepted() || !content || content.is(json::kind::null)) return result;
  if (!content.is(json::kind::object)) throw question_error("an answer's content is not an object");
  result.content = raw_json::trusted(content.raw());
  return result;
}

void answer::read(const detail::typed_schema& schema, void* object) const {
  if (!accepted()) {
    throw question_error(chosen == action::decline ? "the question was declined"
                                                   : "the question was dismissed");
  }
  schema.read(content ? content : raw_json::trusted("{}"), object, "answer",
              detail::unknown_members::ignore);
}

}  // namespace longhaul
