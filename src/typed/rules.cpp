// SPDX-License-Identifier: Apache-2.0
#include "typed/rules.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/numbers.hpp"

namespace longhaul {

/// The one who reads `field_options`.
struct field_access {
  static detail::member_rules rules(const field_options& f) {
    detail::member_rules r;
    r.title = f.title_;
    r.description = f.description_;
    r.format = f.format_;
    r.header = f.header_.value_or("");
    r.least = f.min_;
    r.greatest = f.max_;
    r.min_length = f.min_length_;
    r.max_length = f.max_length_;
    r.min_items = f.min_items_;
    r.max_items = f.max_items_;
    r.pattern_text = f.pattern_.value_or("");
    r.choose(f.choices_);
    return r;
  }
  static std::optional<bool> required(const field_options& f) { return f.required_; }
  static bool has_header(const field_options& f) { return f.header_.has_value(); }
  static bool has_pattern(const field_options& f) { return f.pattern_.has_value(); }
};

namespace detail {
namespace {

using shape = type_node::shape;

// What a header may carry: from here on a double may stand for several integers.
constexpr long double safe_integer = first_skipping_double - 1;

class checker {
 public:
  checker(const field_options& field, const member_node& member, member_rules& rules)
      : field_(field), type_(bare(member.type())), rules_(rules) {}

  void run() {
    check_range();
    check_string();
    check_items();
    check_choices();
    if (field_access::has_header(field_)) check_header();
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw std::invalid_argument("field " + in_quotes(field_.name()) + ": " + problem);
  }
  void need(bool fits, const std::string& option, const std::string& types) const {
    if (!fits) fail(option + " is for " + types);
  }
  template <class T>
  void ordered(const std::optional<T>& least, const std::optional<T>& greatest,
               const std::string& option) const {
    if (least && greatest && *least > *greatest) fail(option + ": the least exceeds the greatest");
  }

  void check_range() const {
    if (!rules_.least && !rules_.greatest) return;
    const bool integer = type_.kind == shape::integer;
    need(integer || type_.kind == shape::number, "range", "integers and numbers");
    ordered(rules_.least, rules_.greatest, "range");
    for (const auto& bound : {rules_.least, rules_.greatest}) {
      if (!bound) continue;
      if (!std::isfinite(*bound)) fail("range: a bound is not a number");
      if (!integer) continue;
      if (std::trunc(*bound) != *bound) fail("range: a bound of an integer is no integer");
      if (*bound < static_cast<long double>(type_.least) ||
          *bound > static_cast<long double>(type_.most)) {
        fail("range: a bound is beyond what the member's type holds");
      }
    }
  }

  void check_string() {
    const bool string = type_.kind == shape::string;
    if (rules_.min_length) {
      need(string, "length", "strings");
      ordered(rules_.min_length, rules_.max_length, "length");
    }
    if (!rules_.format.empty()) need(string, "format", "strings");
    if (!field_access::has_pattern(field_)) return;
    need(string, "pattern", "strings");
    checked_pattern checked = check_pattern(rules_.pattern_text);
    if (!checked.compiled) fail("pattern: it " + checked.fault);
    rules_.pattern = std::move(checked.compiled);
  }

  void check_items() const {
    if (!rules_.min_items) return;
    need(type_.kind == shape::sequence, "items", "sequences");
    ordered(rules_.min_items, rules_.max_items, "items");
  }

  void check_choices() {
    if (rules_.choices.empty()) return;
    const bool many = type_.kind == shape::sequence;
    const type_node& one = many ? bare(type_.element()) : type_;
    need(one.kind == shape::string || one.kind == shape::enumeration, "choices",
         "strings, enums and sequences of them");
    std::set<std::string_view> seen;
    for (const choice& c : rules_.choices) {
      if (!seen.insert(c.value).second) fail("choices: " + in_quotes(c.value) + " is there twice");
      if (one.kind == shape::enumeration &&
          std::find(one.names.begin(), one.names.end(), c.value) == one.names.end()) {
        fail("choices: the enum has no " + in_quotes(c.value));
      }
    }
    if (!many) return;
    member_rules elements;
    elements.choose(rules_.choices);
    rules_.of_elements = std::make_shared<const member_rules>(std::move(elements));
  }

  void check_header() {
    need(type_.kind == shape::string || type_.kind == shape::integer ||
             type_.kind == shape::boolean || type_.kind == shape::enumeration,
         "header", "strings, integers and booleans");
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    const bool token = !rules_.header.empty() && std::ranges::all_of(rules_.header, [&](char c) {
      return is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
    });
    if (!token) fail("header: " + in_quotes(rules_.header) + " is not an HTTP token");
    if (type_.kind != shape::integer) return;
    if (type_.most <= std::numeric_limits<std::uint32_t>::max()) return;
    const auto [least, greatest] = bounds_of(type_, &rules_);
    rules_.least = std::max(least.value_or(-safe_integer), -safe_integer);
    rules_.greatest = std::min(greatest.value_or(safe_integer), safe_integer);
  }

  const field_options& field_;
  const type_node& type_;
  member_rules& rules_;
};

void check_default(const member_node& member, const member_rules& rules) {
  if (!rules.optional || !member.default_value) return;
  const type_node& type = member.type();
  type.with_fresh([&](void* scratch) {
    try {
      read_member(type, &rules, member.default_value.view(), scratch, member.name);
    } catch (const invalid_arguments& error) {
      throw std::invalid_argument("field " + in_quotes(member.name) +
                                  ": its default does not fit: " + error.what());
    }
  });
}

}  // namespace

const type_node& bare(const type_node& type) {
  const type_node* at = &type;
  while (at->kind == shape::optional) at = &at->element();
  return *at;
}

bounds bounds_of(const type_node& type, const member_rules* rules) {
  bounds result;
  if (type.kind == shape::integer) {
    // Those of `int` and wider types would be noise: nobody chose them. Reading checks all.
    if (type.most < std::numeric_limits<std::int32_t>::max()) {
      result.least = static_cast<long double>(type.least);
      result.greatest = static_cast<long double>(type.most);
    } else if (!type.is_signed) {
      result.least = 0;
    }
  }
  if (rules != nullptr && rules->least) result.least = rules->least;
  if (rules != nullptr && rules->greatest) result.greatest = rules->greatest;
  return result;
}

void member_rules::choose(std::vector<choice> values) {
  auto set = std::make_shared<std::unordered_set<std::string>>();
  for (const choice& one : values) set->insert(one.value);
  choice_set_ = std::move(set);
  choices = std::move(values);
}

void member_rules::choose(std::vector<long double> values) {
  number_set_ = std::make_shared<std::unordered_set<long double>>(values.begin(), values.end());
  numbers = std::move(values);
}

bool member_rules::has_choice(const std::string& value) const {
  return choice_set_ && choice_set_->contains(value);
}

bool member_rules::has_number(long double value) const {
  return number_set_ && number_set_->contains(value);
}

std::string unknown_member(const type_node& type, std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(type.members.size());
  for (const member_node& member : type.members) known.push_back(member.name);
  return unknown_name(known, name);
}

std::optional<std::size_t> find_member(const type_node& type, std::string_view name) {
  for (std::size_t i = 0; i < type.members.size(); ++i) {
    if (type.members[i].name == name) return i;
  }
  return std::nullopt;
}

typed_schema::typed_schema(const type_node& type, const std::vector<field_options>& fields) {
  auto schema = std::make_shared<compiled>(type);
  if (!fields.empty() && type.kind != shape::object) {
    throw std::invalid_argument("field " + in_quotes(fields.front().name()) +
                                ": the type is not a described struct");
  }
  schema->rules.resize(type.members.size());
  for (std::size_t i = 0; i < type.members.size(); ++i) {
    schema->rules[i].optional = type.members[i].optional;
  }
  std::set<std::string> named, headers;
  for (const field_options& field : fields) {
    const auto at = find_member(type, field.name());
    if (!at) throw std::invalid_argument("field: no member" + unknown_member(type, field.name()));
    if (!named.insert(field.name()).second) {
      throw std::invalid_argument("field " + in_quotes(field.name()) +
                                  ": its options are there twice");
    }
    member_rules& rules = schema->rules[*at];
    rules = field_access::rules(field);
    rules.optional = !field_access::required(field).value_or(!type.members[*at].optional);
    checker(field, type.members[*at], rules).run();
    if (!rules.header.empty() && !headers.insert(lowered(rules.header)).second) {
      throw std::invalid_argument("field " + in_quotes(field.name()) + ": header " +
                                  in_quotes(rules.header) + " is taken by another member");
    }
    check_default(type.members[*at], rules);
  }
  compiled_ = std::move(schema);
}

}  // namespace detail
}  // namespace longhaul
