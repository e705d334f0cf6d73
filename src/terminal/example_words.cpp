// SPDX-License-Identifier: Apache-2.0
#include "terminal/example_words.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "json/write.hpp"
#include "terminal/plain_text.hpp"
#include "typed/numbers.hpp"

namespace longhaul::terminal {
namespace {

using json::kind;

constexpr std::size_t most_nested_examples = 3;  // objects and lists in each other
constexpr std::size_t longest_example = 120;     // bytes; a longer default teaches nothing
constexpr std::size_t most_shown = 8;            // parameters: more fit no line

std::string quoted(std::string_view text) {
  std::string result;
  json::append_string(result, text);
  return result;
}

std::string text_example(json::value schema) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> examples{
      {{"email", "ada@example.org"},
       {"uri", "https://example.org/"},
       {"url", "https://example.org/"},
       {"date", "1999-12-31"},
       {"time", "15:00:00Z"},
       {"date-time", "1999-12-31T15:00:00Z"},
       {"uuid", "00000000-0000-4000-8000-000000000000"}}};
  for (const auto& [format, example] : examples) {
    if (schema["format"].equals(format)) return quoted(example);
  }
  const double most = schema["maxLength"].number().value_or(100);
  return most < 9 ? quoted(std::string_view("x").substr(0, most < 1 ? 0 : 1)) : quoted("some text");
}

// The least number that the bounds allow, or 1.
std::string number_example(json::value schema) {
  const json::value least = schema["minimum"], most = schema["maximum"],
                    above = schema["exclusiveMinimum"], step = schema["multipleOf"];
  if (step.is(kind::number) && !least) return std::string(step.raw());
  if (least.is(kind::number) && detail::read_number(least) != 0) return std::string(least.raw());
  if (above.is(kind::number)) return detail::bound_text(detail::read_number(above) + 1);
  if (most.is(kind::number) && detail::read_number(most) < 1) return std::string(most.raw());
  return "1";
}

std::string value_at(json::value schema, json::value root, std::size_t depth);

std::string object_example(json::value schema, json::value root, std::size_t depth) {
  std::vector<std::string> required;
  for (json::elements e(schema["required"]); e.next() && required.size() < most_shown;) {
    if (auto name = e.value().string()) required.push_back(std::move(*name));
  }
  std::string result;
  json::object o(result);
  for (const std::string& name : required) {
    o.raw(name, value_at(schema["properties"][name], root, depth + 1));
  }
  o.close();
  return result;
}

std::string value_at(json::value schema, json::value root, std::size_t depth) {
  for (const json::value given :
       {keyword(schema, "default", root), keyword(schema, "example", root)}) {
    if (given && !given.is(kind::null) && given.raw().size() <= longest_example) {
      return std::string(given.raw());
    }
  }
  if (json::elements e(keyword(schema, "examples", root)); e.next()) {
    if (e.value().raw().size() <= longest_example) return std::string(e.value().raw());
  }
  const alternative one = alternatives_of(schema, root).front();
  if (!one.choices.empty()) return std::string(one.choices.front().value.raw());
  if (one.allowed & (types::integer | types::number)) return number_example(one.schema);
  if (one.allowed & types::string) return text_example(one.schema);
  if (one.allowed & types::boolean) return "true";
  const bool deep = depth == most_nested_examples;
  if (one.allowed & types::array) {
    return deep ? "[]" : "[" + value_at(one.schema["items"], root, depth + 1) + "]";
  }
  if (one.allowed & types::object) return deep ? "{}" : object_example(one.schema, root, depth);
  return one.allowed & types::null ? "null" : quoted("some text");
}

std::string word_of(std::string_view name, json::value value) {
  // Quotes stand where people put them: around the value.
  const auto word = [&](std::string_view between, std::string_view text) {
    std::string key = shell_word(name);
    if (key.starts_with('\'')) {
      return shell_word(std::string(name).append(between).append(text));
    }
    return key.append(between).append(text.empty() ? std::string() : shell_word(text));
  };
  if (value.is(kind::object) || value.is(kind::array)) {
    json::elements e(value);
    const bool one_simple = e.next() && !e.value().is(kind::object) && !e.value().is(kind::array);
    const json::value first = e.value();
    if (one_simple && !e.next()) return word_of(name, first);
    return word(":=", value.raw());
  }
  const auto text = value.string();
  if (text && text->starts_with('@')) return word("=@", *text);
  return word("=", text ? *text : std::string(value.raw()));
}

}  // namespace

std::string example_value(json::value schema, json::value root) {
  return value_at(schema, root, 0);
}

std::string example_words(const parameter_list& parameters) {
  std::vector<const parameter*> shown;
  for (const parameter& one : parameters.all()) {
    if (one.required && shown.size() < most_shown) shown.push_back(&one);
  }
  for (const parameter& one : parameters.all()) {
    if (shown.size() >= 2 || std::ranges::any_of(shown, &parameter::required)) break;
    shown.push_back(&one);
  }
  std::string result;
  for (const parameter* const one : shown) {
    const std::string value = example_value(one->schema, parameters.root());
    result += (result.empty() ? "" : " ") + word_of(one->name, json::value(value));
  }
  return result;
}

std::string shell_word(std::string_view word) {
  std::string safe = plain(word);
  const bool bare = !safe.empty() && std::ranges::all_of(safe, [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("_-+=:,./@%").find(c) != std::string_view::npos;
  });
  if (bare) return safe;
  std::string result = "'";
  for (const char c : safe) result += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
  return result + "'";
}

}  // namespace longhaul::terminal
