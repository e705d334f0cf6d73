// SPDX-License-Identifier: Apache-2.0
#include "longhaul/elicitation.hpp"

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/form_answer.hpp"
#include "typed/form_formats.hpp"
#include "typed/form_schema.hpp"

namespace longhaul {
namespace {

std::string as_json_string(std::string_view text) {
  std::string result;
  json::append_string(result, text);
  return result;
}

// Of a schema whose members are those of a form.
void check_defaults(const raw_json& schema) {
  const json::value properties = json::value(schema)["properties"];
  for (json::members m(properties); m.next();) {
    const json::value given = m.value()["default"];
    if (!given) continue;
    try {
      detail::check_form_value(m.value(), given, std::string(m.key()));
    } catch (const question_error& e) {
      throw std::invalid_argument(std::string("form: a default does not fit: ") + e.what());
    }
  }
}

}  // namespace

elicitation elicitation::from_schema(std::string message, raw_json schema) {
  elicitation result;
  result.message = std::move(message);
  result.requested_schema = std::move(schema);
  return result;
}

elicitation elicitation::form(std::string message, raw_json schema) {
  detail::check_form_schema(json::value(schema));
  try {
    detail::check_patterns_of(schema);
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument(std::string("form: ") + e.what());
  }
  check_defaults(schema);
  return from_schema(std::move(message), std::move(schema));
}

elicitation elicitation::url(std::string message, std::string address) {
  if (!detail::is_absolute_uri(address)) {
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
  schema.read(or_empty_object(content), object, "answer", detail::unknown_members::ignore);
}

}  // namespace longhaul
