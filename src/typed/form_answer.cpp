// SPDX-License-Identifier: Apache-2.0
#include "typed/form_answer.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/utf8.hpp"
#include "json/write.hpp"
#include "longhaul/elicitation.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/form_formats.hpp"
#include "typed/form_schema.hpp"
#include "typed/numbers.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

using json::kind;

[[noreturn]] void refuse_value(const std::string& at, const std::string& wanted, json::value v) {
  throw question_error(at + ": expected " + wanted + ", got " + shown(v));
}

bool same(json::value a, json::value b) {
  if (a.type() != b.type()) return false;
  if (a.is(kind::number)) return read_number(a) == read_number(b);
  if (a.is(kind::string)) return a.string() == b.string();
  return a.raw() == b.raw();
}

// The values that a schema lists: `enum`, or `const` in `oneOf` or `anyOf`.
class choices {
 public:
  explicit choices(json::value schema) {
    for (json::elements e(schema["enum"]); e.next();) add(e.value());
    for (const std::string_view list : {"oneOf", "anyOf"}) {
      for (json::elements e(schema[list]); e.next();) add(e.value()["const"]);
    }
    add(schema["const"]);
  }

  bool any() const noexcept { return !all_.empty(); }
  bool hold(json::value v) const {
    if (const auto text = v.string()) return texts_.contains(*text);
    return std::ranges::any_of(others_, [&](json::value other) { return same(other, v); });
  }
  std::string words() const { return one_of(all_, shown); }

 private:
  void add(json::value one) {
    if (!one) return;
    all_.push_back(one);
    if (auto text = one.string()) {
      texts_.insert(std::move(*text));
    } else {
      others_.push_back(one);
    }
  }

  std::vector<json::value> all_, others_;
  std::unordered_set<std::string> texts_;
};

void check_number(json::value schema, json::value v, const std::string& at) {
  const bool integer = schema["type"].equals("integer");
  std::string wanted = integer ? "an integer" : "a number";
  wanted += between(std::string(schema["minimum"].raw()), std::string(schema["maximum"].raw()));
  if (const auto above = schema["exclusiveMinimum"]) wanted += " above " + std::string(above.raw());
  if (const auto below = schema["exclusiveMaximum"]) wanted += " below " + std::string(below.raw());
  if (!v.is(kind::number) || (integer && !is_integer_of_64_bits(v))) refuse_value(at, wanted, v);
  const long double x = read_number(v);
  const auto bound = [&](std::string_view keyword, auto holds) {
    const json::value limit = schema[keyword];
    if (limit.is(kind::number) && !holds(x, read_number(limit))) refuse_value(at, wanted, v);
  };
  bound("minimum", std::greater_equal<>());
  bound("maximum", std::less_equal<>());
  bound("exclusiveMinimum", std::greater<>());
  bound("exclusiveMaximum", std::less<>());
}

struct format {
  std::string_view name, words;
  bool (*holds)(std::string_view text);
};
constexpr std::array<format, 4> string_formats{
    {{"email", "an email address", is_email},
     {"uri", "an absolute URI as https://example.org/", is_absolute_uri},
     {"date", "a date as 1999-12-31", is_date},
     {"date-time", "a date and time as 1999-12-31T15:00:00Z", is_date_time}}};

// `a string of 3 characters`
std::string with_count(const std::string& thing, std::optional<std::size_t> least,
                       std::optional<std::size_t> greatest, std::string_view unit) {
  const std::string count = counted(least, greatest, unit);
  return count.empty() ? thing : thing + " of " + count;
}

void check_string(json::value schema, json::value v, const std::string& at) {
  const auto least = count_keyword(schema["minLength"]),
             greatest = count_keyword(schema["maxLength"]);
  std::string wanted = with_count("a string", least, greatest, "characters");
  const auto pattern = schema["pattern"].string();
  if (pattern) wanted += " that matches " + *pattern;
  const auto text = v.string();
  if (!text) refuse_value(at, wanted, v);
  const std::size_t length = count_characters(*text);
  if (length < least.value_or(0) || length > greatest.value_or(length)) refuse_value(at, wanted, v);
  if (pattern) {
    // One with a fault was asked by an older version: no form has it now.
    const auto compiled = check_pattern(*pattern).compiled;
    if (compiled && !re2::RE2::PartialMatch(*text, *compiled)) refuse_value(at, wanted, v);
  }
  for (const format& known : string_formats) {
    if (schema["format"].equals(known.name) && !known.holds(*text)) {
      refuse_value(at, std::string(known.words), v);
    }
  }
}

void check_array(json::value schema, json::value v, const std::string& at) {
  const auto least = count_keyword(schema["minItems"]),
             greatest = count_keyword(schema["maxItems"]);
  const std::string wanted = with_count("an array", least, greatest, "elements");
  if (!v.is(kind::array)) refuse_value(at, wanted, v);
  const choices allowed(schema["items"]);
  const bool unique = schema["uniqueItems"].boolean() == true;
  std::set<std::string, std::less<>> seen;
  std::size_t count = 0;
  for (json::elements e(v); e.next(); ++count) {
    const auto place = [&] {
      return std::string(at).append("[").append(std::to_string(count)).append("]");
    };
    if (greatest && count == *greatest) {
      throw question_error(
          std::string(at).append(": expected ").append(wanted).append(", got more"));
    }
    if (!allowed.hold(e.value())) refuse_value(place(), allowed.words(), e.value());
    const auto text = e.value().string();
    if (unique && !seen.insert(text ? *text : std::string(e.value().raw())).second) {
      throw question_error(place() + ": " + shown(e.value()) + " is there twice");
    }
  }
  if (count < least.value_or(0)) {
    throw question_error(at + ": expected " + wanted + ", got " + std::to_string(count));
  }
}

}  // namespace

void check_form_value(json::value schema, json::value v, const std::string& at) {
  const json::value type = schema["type"];
  if (type.equals("array")) return check_array(schema, v, at);
  const choices allowed(schema);
  if (allowed.any() && !allowed.hold(v)) refuse_value(at, allowed.words(), v);
  if (type.equals("string")) return check_string(schema, v, at);
  if (type.equals("boolean") && !v.is(kind::boolean)) refuse_value(at, "true or false", v);
  if (type.equals("integer") || type.equals("number")) check_number(schema, v, at);
}

namespace {

std::set<std::string, std::less<>> required_in(json::value schema) {
  std::set<std::string, std::less<>> names;
  for (json::elements e(schema["required"]); e.next();) {
    if (auto name = e.value().string()) names.insert(std::move(*name));
  }
  return names;
}

// The members of `content` that were asked for; throws for the first that does not fit.
std::string fitting_content(json::value schema, json::value content) {
  const std::string root = "content";
  if (content && !content.is(kind::null) && !content.is(kind::object)) {
    refuse_value(root, "an object", content);
  }
  std::unordered_map<std::string, json::value> asked;
  for (json::members m(schema["properties"]); m.next();) asked.emplace(m.key(), m.value());
  auto missing = required_in(schema);
  std::unordered_set<std::string> seen;
  std::string out;
  json::object o(out);
  for (json::members m(content); m.next();) {
    const std::string name(m.key());
    const auto known = asked.find(name);
    if (known == asked.end()) continue;
    const std::string at = member_place(root, name);
    if (!seen.insert(name).second) throw question_error(at + ": this member is there twice");
    if (m.value().is(kind::null) && !missing.contains(name)) continue;
    check_form_value(known->second, m.value(), at);
    missing.erase(name);
    o.raw(name, m.value().raw());
  }
  o.close();
  if (missing.empty()) return out;
  throw question_error(root + ": " + missing_members({missing.begin(), missing.end()}));
}

}  // namespace

raw_json fitting_form(const raw_json& request, const raw_json& given) {
  const json::value root(given), params = json::value(request)["params"];
  if (!root.is(kind::object)) throw question_error("an answer must be an object with \"action\"");
  const json::value action = root["action"];
  if (action.equals("decline")) return raw_json::trusted(R"({"action":"decline"})");
  if (action.equals("cancel")) return raw_json::trusted(R"({"action":"cancel"})");
  if (!action.equals("accept"))
    refuse_value("action", R"("accept", "decline" or "cancel")", action);
  if (params["mode"].equals("url")) return raw_json::trusted(R"({"action":"accept"})");
  std::string out = R"({"action":"accept","content":)";
  out += fitting_content(params["requestedSchema"], root["content"]);
  out += '}';
  return raw_json::trusted(std::move(out));
}

}  // namespace longhaul::detail
