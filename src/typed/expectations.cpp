// SPDX-License-Identifier: Apache-2.0
#include "typed/expectations.hpp"

#include <re2/re2.h>

#include <cstdint>
#include <limits>
#include <optional>

#include "base/utf8.hpp"
#include "typed/numbers.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

using shape = type_node::shape;

std::string text_of(const std::optional<long double>& bound) {
  return bound ? bound_text(*bound) : "";
}

}  // namespace

bool fits(const type_node& type, const member_rules* rules, long double number) {
  const auto [least, greatest] = bounds_of(type, rules);
  if (number < least.value_or(number) || number > greatest.value_or(number)) return false;
  return rules == nullptr || rules->numbers.empty() || rules->has_number(number);
}

bool fits(const member_rules& rules, std::string_view text) {
  const std::size_t length = count_characters(text);
  if (length < rules.min_length.value_or(length)) return false;
  if (length > rules.max_length.value_or(length)) return false;
  return !rules.pattern || re2::RE2::PartialMatch(text, *rules.pattern);
}

std::string expected_number(const type_node& type, const member_rules* rules) {
  if (rules != nullptr && !rules->numbers.empty()) return one_of(rules->numbers, bound_text);
  const auto [least, greatest] = bounds_of(type, rules);
  const bool integer = type.kind == shape::integer;
  std::string result = integer ? "an integer" : "a number";
  if (type.seconds) result = integer ? "whole seconds" : "a number of seconds";
  if (type.multiple > 1) result += " in steps of " + std::to_string(type.multiple);
  return result + between(text_of(least), text_of(greatest));
}

std::string expected_width(const type_node& type) {
  if (type.seconds) return "fewer seconds";
  if (type.most > std::numeric_limits<std::uint32_t>::max()) return "an integer of 64 bits";
  return "an integer between " + std::to_string(type.least) + " and " + std::to_string(type.most);
}

std::string expected_string(const member_rules* rules) {
  std::string result = "a string";
  if (rules == nullptr) return result;
  if (rules->min_length) {
    result += " of " + counted(rules->min_length, rules->max_length, "characters");
  }
  if (rules->pattern) result += " that matches " + rules->pattern_text;
  return result;
}

std::string expected_array(const member_rules* rules) {
  if (rules == nullptr || !rules->min_items) return "an array";
  return "an array of " + counted(rules->min_items, rules->max_items, "elements");
}

std::string expected_choice(const std::vector<choice>& choices) {
  return one_of(choices, [](const choice& one) { return in_quotes(one.value); });
}

}  // namespace longhaul::detail
