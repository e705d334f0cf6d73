// SPDX-License-Identifier: Apache-2.0
#include "command/parameter_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "command/tunables.hpp"
#include "json/view.hpp"
#include "typed/ecma_pattern.hpp"

namespace longhaul::command {
namespace {

using detail::member_rules;
using detail::type_node;

// Calls `use` with the type that stands behind `value_type`.
template <class Use>
auto with_type(value_type type, const Use& use) {
  switch (type) {
    case value_type::integer:
      return use(std::int64_t{});
    case value_type::number:
      return use(double{});
    case value_type::boolean:
      return use(bool{});
    case value_type::string:
      break;
  }
  return use(std::string{});
}

// Without an exponent where that is short: few programs read one.
std::string text_of(double x) {
  if (x == 0) return "0";
  const double magnitude = std::fabs(x);
  const bool plain = magnitude >= 1e-5 && magnitude < 1e17;
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {buffer.data(), end.ptr};
}
std::string text_of(std::int64_t x) { return std::to_string(x); }
std::string text_of(bool x) { return x ? "true" : "false"; }
std::string text_of(std::string x) { return x; }

// What a double cannot say is passed on as it was written.
template <class T>
std::string text_of(T value, json::value written) {
  if constexpr (std::same_as<T, double>) {
    std::string token = written.string().value_or(std::string(written.raw()));  // "5" may be 5
    const bool whole = token.find_first_not_of("-0123456789") == std::string::npos;
    if (!token.empty() && value != 0 && (whole || std::isinf(value))) return token;
  }
  return text_of(std::move(value));
}

}  // namespace

bool is_int64(long double x) {
  return std::trunc(x) == x && x >= -0x1p63L && x < 0x1p63L;  // false for NaN
}

const type_node& node_for(const parameter& p) {
  return *with_type(p.type, [&]<class T>(const T&) {
    return p.repeated ? &detail::node_of<std::deque<T>>() : &detail::node_of<T>();
  });
}

parameter_value read_value(const parameter& p, const member_rules& rules, std::string_view json,
                           std::string_view root) {
  return with_type(p.type, [&]<class T>(T one) -> parameter_value {
    if (!p.repeated) {
      detail::read_member(detail::node_of<T>(), &rules, json, &one, root);
      return text_of(std::move(one), json::value(json));
    }
    std::deque<T> many;
    detail::read_member(detail::node_of<std::deque<T>>(), &rules, json, &many, root);
    std::vector<std::string> texts;
    texts.reserve(many.size());
    const auto list = json::value(json).string();  // "[5]" may be [5]
    json::elements written{json::value(list ? std::string_view(*list) : json)};
    for (T& each : many) {
      written.next();
      texts.push_back(text_of(std::move(each), written.value()));
    }
    return texts;
  });
}

void check_text(const std::string& text, const std::string& root) {
  if (text.find('\0') != std::string::npos) {
    throw invalid_arguments(root + ": holds a NUL character, which cannot be passed to a program");
  }
  if (text.size() > tunables::max_argument_bytes) {
    throw invalid_arguments(root + ": has " + std::to_string(text.size()) +
                            " bytes; an argument of a program has at most " +
                            std::to_string(tunables::max_argument_bytes));
  }
}

void check_texts(const parameter_value& value, const std::string& root) {
  if (const auto* one = std::get_if<std::string>(&value)) check_text(*one, root);
  const auto* many = std::get_if<std::vector<std::string>>(&value);
  for (std::size_t i = 0; many != nullptr && i < many->size(); ++i) {
    check_text((*many)[i], root + "[" + std::to_string(i) + "]");
  }
}

member_rules rules_of_one(const parameter& p) {
  member_rules rules;
  rules.least = p.minimum;
  rules.greatest = p.maximum;
  if (p.min_length || p.max_length) {
    rules.min_length = p.min_length.value_or(0);
    rules.max_length = p.max_length.value_or(unbounded);
  }
  if (!p.pattern.empty()) {
    rules.pattern_text = p.pattern;
    rules.pattern = detail::check_pattern(p.pattern).compiled;
  }
  if (!p.choices.empty()) {
    std::vector<choice> values;
    values.reserve(p.choices.size());
    for (const std::string& value : p.choices) values.push_back({value, ""});
    rules.choose(std::move(values));
  }
  if (!p.numbers.empty()) rules.choose(p.numbers);
  return rules;
}

member_rules rules_of(const parameter& p) {
  member_rules one = rules_of_one(p);
  member_rules whole;
  if (p.repeated) {
    whole.of_elements = std::make_shared<const member_rules>(std::move(one));
    if (p.min_items || p.max_items) {
      whole.min_items = p.min_items.value_or(0);
      whole.max_items = p.max_items.value_or(unbounded);
    }
  } else {
    whole = std::move(one);
  }
  whole.title = p.title;
  whole.description = p.description;
  whole.optional = !p.required;
  return whole;
}

std::vector<std::string> own_values(const parameter& p) {
  std::vector<std::string> result = p.choices;
  for (const long double value : p.numbers) {
    if (!std::isfinite(value)) continue;  // a fault, told by check_parameter
    const bool integer = p.type == value_type::integer && is_int64(value);
    result.push_back(integer ? text_of(static_cast<std::int64_t>(value))
                             : text_of(static_cast<double>(value)));
  }
  if (!p.default_value) return result;
  parameter_value value;
  try {
    value = read_value(p, rules_of(p), p.default_value.view(), "default");
  } catch (const invalid_arguments&) {
    return result;
  }
  if (const auto* one = std::get_if<std::string>(&value)) result.push_back(*one);
  if (const auto* many = std::get_if<std::vector<std::string>>(&value)) {
    result.insert(result.end(), many->begin(), many->end());
  }
  return result;
}

}  // namespace longhaul::command
