// SPDX-License-Identifier: Apache-2.0
#include "typed/form_answer.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "json/write.hpp"
#include "longhaul/elicitation.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/form_formats.hpp"
#include "typed/rules.hpp"

namespace longhaul::detail {
namespace {

using json::kind;

constexpr std::size_t max_quoted = 60;  // bytes of an answer that an error repeats
constexpr std::size_t max_choices = 20;

std::string shown(json::value v) {
  if (v.is(kind::absent)) return "nothing";
  if (v.is(kind::object)) return "an object";
  if (v.is(kind::array)) return "an array";
  if (const auto text = v.string()) return in_quotes(*text);
  const std::string_view raw = v.raw();
  return raw.size() <= max_quoted ? std::string(raw) : std::string(raw.substr(0, max_quoted)) + "…";
}

[[noreturn]] void refuse(const std::string& at, const std::string& wanted, json::value v) {
  throw question_error(at + ": expected " + wanted + ", got " + shown(v));
}

// `at.name`, or `at["odd name"]`.
std::string inside(const std::string& at, std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= max_quoted && std::ranges::all_of(name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '-';
      });
  return plain ? at + "." + std::string(name) : at + "[" + in_quotes(name) + "]";
}

std::optional<std::size_t> count_in(json::value keyword) {
  const auto number = keyword.number();
  if (!number || !(*number >= 0)) return std::nullopt;
  return static_cast<std::size_t>(std::min(*number, 1e15));
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Integers of 64 bits exactly, everything else as a double has it.
long double exact(json::value number) {
  if (const auto integer = number.integer()) return static_cast<long double>(*integer);
  std::uint64_t large = 0;
  const std::string_view raw = number.raw();
  const auto [stop, error] = std::from_chars(raw.data(), raw.data() + raw.size(), large);
  if (error == std::errc() && stop == raw.data() + raw.size()) return large;
  return number.number().value_or(0);
}

// Also one written with a fraction of zero or an exponent. Digits beyond 64 bits are none that a
// program could use.
bool is_integer(json::value v) {
  if (!v.is(kind::number)) return false;
  std::string_view raw = v.raw();
  if (raw.find_first_of(".eE") != std::string_view::npos) {
    constexpr double skips = 9007199254740992.0;  // from here on doubles skip integers
    const double number = v.number().value_or(skips);
    return std::fabs(number) < skips && std::trunc(number) == number;
  }
  if (raw.starts_with('-')) return v.integer().has_value();
  std::uint64_t digits = 0;
  const auto [stop, error] = std::from_chars(raw.data(), raw.data() + raw.size(), digits);
  return error == std::errc() && stop == raw.data() + raw.size();
}

bool same(json::value a, json::value b) {
  if (a.type() != b.type()) return false;
  if (a.is(kind::number)) return exact(a) == exact(b);
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
  std::string words() const {
    std::string result = all_.size() == 1 ? "" : "one of ";
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (i == max_choices) return result + ", …";
      result += (i == 0 ? "" : ", ") + shown(all_[i]);
    }
    return result;
  }

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

std::string between(json::value least, json::value greatest) {
  if (least && greatest)
    return " between " + std::string(least.raw()) + " and " + std::string(greatest.raw());
  if (least) return " of at least " + std::string(least.raw());
  if (greatest) return " of at most " + std::string(greatest.raw());
  return "";
}

void check_number(json::value schema, json::value v, const std::string& at) {
  const bool integer = schema["type"].equals("integer");
  std::string wanted = integer ? "an integer" : "a number";
  wanted += between(schema["minimum"], schema["maximum"]);
  if (const auto above = schema["exclusiveMinimum"]) wanted += " above " + std::string(above.raw());
  if (const auto below = schema["exclusiveMaximum"]) wanted += " below " + std::string(below.raw());
  if (!v.is(kind::number) || (integer && !is_integer(v))) refuse(at, wanted, v);
  const long double x = exact(v);
  const auto bound = [&](std::string_view keyword, auto holds) {
    const json::value limit = schema[keyword];
    if (limit.is(kind::number) && !holds(x, exact(limit))) refuse(at, wanted, v);
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
constexpr std::array<format, 4> formats{
    {{"email", "an email address", is_email},
     {"uri", "an absolute URI as https://example.org/", is_absolute_uri},
     {"date", "a date as 1999-12-31", is_date},
     {"date-time", "a date and time as 1999-12-31T15:00:00Z", is_date_time}}};

std::string length_words(std::optional<std::size_t> least, std::optional<std::size_t> greatest,
                         std::string_view unit) {
  if (!least && !greatest) return "";
  std::string result = " of ";
  if (!greatest) {
    result += "at least " + std::to_string(*least);
  } else if (!least) {
    result += "at most " + std::to_string(*greatest);
  } else {
    result += *least == *greatest ? std::to_string(*least)
                                  : std::to_string(*least) + " to " + std::to_string(*greatest);
  }
  return result.append(" ").append(unit);
}

void check_string(json::value schema, json::value v, const std::string& at) {
  const auto least = count_in(schema["minLength"]), greatest = count_in(schema["maxLength"]);
  std::string wanted = "a string" + length_words(least, greatest, "characters");
  const auto pattern = schema["pattern"].string();
  if (pattern) wanted += " that matches " + *pattern;
  const auto text = v.string();
  if (!text) refuse(at, wanted, v);
  const std::size_t length = code_points(*text);
  if (length < least.value_or(0) || length > greatest.value_or(length)) refuse(at, wanted, v);
  if (pattern) {
    // One with a fault was asked by an older version: no form has it now.
    const auto compiled = check_pattern(*pattern).compiled;
    if (compiled && !re2::RE2::PartialMatch(*text, *compiled)) refuse(at, wanted, v);
  }
  for (const format& known : formats) {
    if (schema["format"].equals(known.name) && !known.holds(*text)) {
      refuse(at, std::string(known.words), v);
    }
  }
}

void check_array(json::value schema, json::value v, const std::string& at) {
  const auto least = count_in(schema["minItems"]), greatest = count_in(schema["maxItems"]);
  const std::string wanted = "an array" + length_words(least, greatest, "elements");
  if (!v.is(kind::array)) refuse(at, wanted, v);
  const choices allowed(schema["items"]);
  const bool unique = schema["uniqueItems"].boolean() == true;
  std::set<std::string, std::less<>> seen;
  std::size_t count = 0;
  for (json::elements e(v); e.next(); ++count) {
    const auto place = [&] { return at + "[" + std::to_string(count) + "]"; };
    if (greatest && count == *greatest) {
      throw question_error(at + ": expected " + wanted + ", got more");
    }
    if (!allowed.hold(e.value())) refuse(place(), allowed.words(), e.value());
    const auto text = e.value().string();
    if (unique && !seen.insert(text ? *text : std::string(e.value().raw())).second) {
      throw question_error(place() + ": " + shown(e.value()) + " is there twice");
    }
  }
  if (count < least.value_or(0)) {
    throw question_error(at + ": expected " + wanted + ", got " + std::to_string(count));
  }
}

void check_member(json::value schema, json::value v, const std::string& at) {
  const json::value type = schema["type"];
  if (type.equals("array")) return check_array(schema, v, at);
  const choices allowed(schema);
  if (allowed.any() && !allowed.hold(v)) refuse(at, allowed.words(), v);
  if (type.equals("string")) return check_string(schema, v, at);
  if (type.equals("boolean") && !v.is(kind::boolean)) refuse(at, "true or false", v);
  if (type.equals("integer") || type.equals("number")) check_number(schema, v, at);
}

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
    refuse(root, "an object", content);
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
    const std::string at = inside(root, name);
    if (!seen.insert(name).second) throw question_error(at + ": this member is there twice");
    if (m.value().is(kind::null) && !missing.contains(name)) continue;
    check_member(known->second, m.value(), at);
    missing.erase(name);
    o.raw(name, m.value().raw());
  }
  o.close();
  if (missing.empty()) return out;
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + in_quotes(name);
  throw question_error(root + (missing.size() == 1 ? ": missing member " : ": missing members ") +
                       names);
}

// --- what a form may ask

enum class operand : std::uint8_t { number, count, text, flag };

constexpr std::array<std::pair<std::string_view, operand>, 11> operands{
    {{"minimum", operand::number},
     {"maximum", operand::number},
     {"exclusiveMinimum", operand::number},
     {"exclusiveMaximum", operand::number},
     {"minLength", operand::count},
     {"maxLength", operand::count},
     {"minItems", operand::count},
     {"maxItems", operand::count},
     {"pattern", operand::text},
     {"format", operand::text},
     {"uniqueItems", operand::flag}}};

// Keywords of JSON Schema that say something about values, and that no form has.
constexpr std::array<std::string_view, 17> unchecked{"$ref",
                                                     "$dynamicRef",
                                                     "allOf",
                                                     "not",
                                                     "if",
                                                     "then",
                                                     "else",
                                                     "multipleOf",
                                                     "contains",
                                                     "prefixItems",
                                                     "properties",
                                                     "patternProperties",
                                                     "minContains",
                                                     "propertyNames",
                                                     "dependentRequired",
                                                     "required",
                                                     "dependentSchemas"};

[[noreturn]] void fail(std::string_view member, const std::string& what) {
  throw std::invalid_argument("form: member " + in_quotes(member) + ": " + what);
}

void check_operands(std::string_view member, json::value schema) {
  for (const auto& [keyword, wanted] : operands) {
    const json::value given = schema[keyword];
    if (!given) continue;
    const std::string name(keyword);
    const auto whole = count_in(given);
    if (wanted == operand::number && !given.is(kind::number)) fail(member, name + " is no number");
    if (wanted == operand::count && (!whole || !is_integer(given))) {
      fail(member, name + " is no number of characters or elements");
    }
    if (wanted == operand::text && !given.is(kind::string)) fail(member, name + " is no string");
    if (wanted == operand::flag && !given.is(kind::boolean)) {
      fail(member, name + " is neither true nor false");
    }
  }
  for (const std::string_view keyword : unchecked) {
    if (schema[keyword]) {
      fail(member, "forms have no \"" + std::string(keyword) + "\": leave it out");
    }
  }
}

void check_choices(std::string_view member, json::value schema) {
  const auto list = [&](std::string_view keyword, auto holds, const char* wanted) {
    const json::value given = schema[keyword];
    if (!given) return;
    std::size_t count = 0;
    bool good = given.is(kind::array);
    for (json::elements e(given); e.next(); ++count) good = good && holds(e.value());
    if (!good || count == 0) {
      fail(member, "\"" + std::string(keyword) + "\" must be a list of " + wanted);
    }
  };
  const auto primitive = [](json::value v) { return !v.is(kind::object) && !v.is(kind::array); };
  list("enum", primitive, "values");
  const auto titled = [&](json::value v) { return bool(v["const"]) && primitive(v["const"]); };
  list("oneOf", titled, R"(values as {"const": "red", "title": "Red"})");
  list("anyOf", titled, R"(values as {"const": "red", "title": "Red"})");
}

void check_form_member(std::string_view member, json::value schema) {
  constexpr std::array<std::string_view, 4> primitive{"string", "number", "integer", "boolean"};
  const json::value type = schema["type"], items = schema["items"];
  const bool list = type.equals("array") && (items["enum"] || items["anyOf"] || items["oneOf"]);
  const bool one = std::ranges::any_of(primitive, [&](auto name) { return type.equals(name); });
  if (!one && !list) {
    fail(member, "forms are flat: strings, numbers, booleans, enums and arrays of enums");
  }
  check_operands(member, schema);
  check_choices(member, schema);
  if (list) check_choices(member, items);
}

}  // namespace

void check_form_schema(json::value schema) {
  const json::value properties = schema["properties"], required = schema["required"];
  if (!schema.is(kind::object) || !schema["type"].equals("object") ||
      !properties.is(kind::object)) {
    throw std::invalid_argument(R"(form: the schema needs "type": "object" and "properties")");
  }
  std::unordered_set<std::string> names;
  for (json::members m(properties); m.next();) {
    const std::string name(m.key());
    if (!names.insert(name).second) fail(name, "it is there twice");
    check_form_member(name, m.value());
  }
  if (required && !required.is(kind::array)) {
    throw std::invalid_argument("form: \"required\" must be a list of names");
  }
  for (json::elements e(required); e.next();) {
    const auto name = e.value().string();
    if (!name) throw std::invalid_argument("form: \"required\" must be a list of names");
    if (!names.contains(*name)) fail(*name, "it is required, and not among the properties");
  }
}

raw_json fitting_answer(const raw_json& request, const raw_json& given) {
  const json::value root(given), params = json::value(request)["params"];
  if (!root.is(kind::object)) throw question_error("an answer must be an object with \"action\"");
  const json::value action = root["action"];
  if (action.equals("decline")) return raw_json::trusted(R"({"action":"decline"})");
  if (action.equals("cancel")) return raw_json::trusted(R"({"action":"cancel"})");
  if (!action.equals("accept")) refuse("action", R"("accept", "decline" or "cancel")", action);
  if (params["mode"].equals("url")) return raw_json::trusted(R"({"action":"accept"})");
  std::string out = R"({"action":"accept","content":)";
  out += fitting_content(params["requestedSchema"], root["content"]);
  out += '}';
  return raw_json::trusted(std::move(out));
}

}  // namespace longhaul::detail
