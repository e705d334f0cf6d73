// SPDX-License-Identifier: Apache-2.0
#include "terminal/schema_words.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/utf8.hpp"
#include "terminal/plain_text.hpp"
#include "typed/form_schema.hpp"
#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

using detail::count_keyword;
using json::kind;

constexpr std::size_t most_nested = 3;        // lists of lists that are told
constexpr std::size_t most_alternatives = 6;  // "or" is read so often
constexpr std::size_t most_value = 200;       // bytes of a value, a pattern

std::string shortened(std::string_view text) {
  const std::string safe = plain(text);
  const std::string_view head = cut_at_character(safe, most_value);
  return std::string(head) + (head.size() < safe.size() ? "…" : "");
}

std::string bound(json::value schema, std::string_view keyword) {
  const json::value limit = schema[keyword];
  return limit.is(kind::number) ? shortened(limit.raw()) : std::string();
}

std::string number_words(std::string noun, json::value schema) {
  const std::string least = bound(schema, "minimum"), most = bound(schema, "maximum"),
                    above = bound(schema, "exclusiveMinimum"),
                    below = bound(schema, "exclusiveMaximum"), step = bound(schema, "multipleOf");
  if (!least.empty() && !most.empty()) {
    noun += " " + least + " to " + most;
  } else {
    noun += detail::between(least, most);
  }
  if (!above.empty()) noun += " above " + above;
  if (!below.empty()) noun += " below " + below;
  if (!step.empty() && step != "1") noun += " in steps of " + step;
  return noun;
}

std::string text_words(json::value schema) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> formats{
      {{"email", "email address"},
       {"uri", "URI"},
       {"url", "URL"},
       {"date", "date as 1999-12-31"},
       {"time", "time as 15:00:00Z"},
       {"date-time", "date and time as 1999-12-31T15:00:00Z"},
       {"uuid", "UUID"}}};
  std::string noun = "text";
  if (const auto format = schema["format"].string()) {
    const auto* const known =
        std::ranges::find(formats, *format, &decltype(formats)::value_type::first);
    noun =
        known != formats.end() ? std::string(known->second) : "text (" + shortened(*format) + ")";
  }
  if (schema["contentEncoding"].equals("base64")) noun = "text (base64)";
  const std::string count = detail::counted(count_keyword(schema["minLength"]),
                                            count_keyword(schema["maxLength"]), "characters");
  if (!count.empty()) noun += " of " + count;
  if (const auto pattern = schema["pattern"].string()) noun += " matching " + shortened(*pattern);
  return noun;
}

std::string choice_words(const std::vector<schema_choice>& choices) {
  const auto show = [](const schema_choice& one) { return value_words(one.value); };
  return detail::one_of(choices, show);
}

std::string words_of(const std::vector<alternative>& several, json::value root, std::size_t depth);

std::string list_words(json::value schema, json::value root, std::size_t depth) {
  std::string result = "list";
  const auto least = count_keyword(schema["minItems"]), most = count_keyword(schema["maxItems"]);
  if (const std::string count = detail::counted(least, most, ""); !count.empty()) {
    result += " of " + count.substr(0, count.size() - 1);
  }
  const json::value items = schema["items"];
  if (!items.is(kind::object) || depth + 1 == most_nested) return result;
  const std::string element = words_of(alternatives_of(items, root), root, depth + 1);
  if (element == "any JSON") return result;
  const bool bounded = least || most;
  return result + (bounded ? ": " : " of ") + element;
}

std::string object_words(json::value schema) {
  std::vector<std::string> names;
  for (json::members m(schema["properties"]); m.next() && names.size() < 30;) {
    names.push_back(shortened(m.key()));
  }
  if (names.empty()) return "object";
  return "object with " + detail::listed(names, [](const std::string& name) { return name; });
}

// One type of those that an alternative allows. In a list, numbers are many.
std::string words_of_type(type_set type, json::value schema, json::value root, std::size_t depth) {
  const char* const many = depth > 0 ? "s" : "";
  switch (type) {
    case types::null:
      return "null";
    case types::boolean:
      return "true or false";
    case types::integer:
      return number_words(std::string("integer") + many, schema);
    case types::number:
      return number_words(std::string("number") + many, schema);
    case types::string:
      return text_words(schema);
    case types::array:
      return list_words(schema, root, depth);
    default:
      return object_words(schema);
  }
}

void add_once(std::vector<std::string>& all, std::string words) {
  if (std::ranges::find(all, words) == all.end()) all.push_back(std::move(words));
}

std::string words_of(const std::vector<alternative>& several, json::value root, std::size_t depth) {
  constexpr std::array order{types::integer, types::number, types::string, types::boolean,
                             types::array,   types::object, types::null};
  std::vector<std::string> all;
  for (const alternative& one : several) {
    if (all.size() > most_alternatives) break;
    if (!one.choices.empty()) {
      add_once(all, choice_words(one.choices));
      continue;
    }
    if (one.allowed == 0) add_once(all, "any JSON");
    for (const type_set type : order) {
      if (one.allowed & type) add_once(all, words_of_type(type, one.schema, root, depth));
    }
  }
  std::string result;
  for (std::size_t i = 0; i < all.size() && i < most_alternatives; ++i) {
    result += (i == 0 ? "" : " or ") + all[i];
  }
  return all.size() > most_alternatives ? result + " or …" : result;
}

}  // namespace

std::string type_words(const std::vector<alternative>& several, json::value root) {
  return words_of(several, root, 0);
}

std::string type_words(json::value schema, json::value root) {
  return type_words(alternatives_of(schema, root), root);
}

std::string value_words(json::value v) {
  const auto text = v.string();
  if (!text) return shortened(v.raw());
  const std::string safe = shortened(*text);
  const bool clear = !safe.empty() && safe.find_first_of(" ,\"") == std::string::npos;
  return clear ? safe : "\"" + safe + "\"";
}

}  // namespace longhaul::terminal
