// SPDX-License-Identifier: Apache-2.0
#include "command/parameter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {
namespace {

using detail::in_quotes;
using detail::member_rules;
using detail::type_node;

constexpr std::size_t max_name = 64;

bool is_int64(long double x) {
  return std::trunc(x) == x && x >= -0x1p63L && x < 0x1p63L;  // false for NaN
}

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

const type_node& node_for(const parameter& p) {
  return *with_type(p.type, [&]<class T>(const T&) {
    return p.repeated ? &detail::node_of<std::deque<T>>() : &detail::node_of<T>();
  });
}

std::string_view name_of(value_type type) {
  switch (type) {
    case value_type::integer:
      return "integers";
    case value_type::number:
      return "numbers";
    case value_type::boolean:
      return "booleans";
    case value_type::string:
      break;
  }
  return "strings";
}

// Without an exponent where that is short: few programs read one.
std::string text_of(double x) {
  if (x == 0) return "0";
  const double magnitude = std::fabs(x);
  const bool plain = magnitude >= 1e-5 && magnitude < 1e17;
  std::array<char, 64> buffer{};
  const auto made = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x,
                                  plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {buffer.data(), made.ptr};
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

// Throws `invalid_arguments`.
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
  if (text.size() > max_argument_bytes) {
    throw invalid_arguments(root + ": has " + std::to_string(text.size()) +
                            " bytes; an argument of a program has at most " +
                            std::to_string(max_argument_bytes));
  }
}

// That the texts can become arguments of a program.
void check_texts(const parameter_value& value, const std::string& root) {
  if (const auto* one = std::get_if<std::string>(&value)) check_text(*one, root);
  const auto* many = std::get_if<std::vector<std::string>>(&value);
  for (std::size_t i = 0; many != nullptr && i < many->size(); ++i) {
    check_text((*many)[i], root + "[" + std::to_string(i) + "]");
  }
}

// What holds for one value: for the parameter, or for the items of a repeated one.
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

class checker {
 public:
  explicit checker(const parameter& p) : p_(p) {}

  std::vector<parameter_fault> run() {
    check_name();
    check_range();
    check_lengths();
    check_pattern();
    check_items();
    if (p_.allow_option && p_.type == value_type::boolean) {
      fail("allow_option", "booleans never begin with '-'; leave it out");
    }
    check_choices();
    if (faults_.empty()) check_default();
    return std::move(faults_);
  }

 private:
  void fail(std::string keyword, std::string message) {
    faults_.push_back({std::move(keyword), std::move(message)});
  }
  void unfit(std::string keyword, const std::string& types) {
    fail(std::move(keyword), "is for " + types + "; this parameter takes " +
                                 (p_.repeated ? "a list of " : "") + std::string(name_of(p_.type)));
  }

  void check_name() {
    const std::string& name = p_.name;
    const auto letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const bool fits = !name.empty() && name.size() <= max_name && letter(name.front()) &&
                      std::ranges::all_of(name, [&](char c) {
                        return letter(c) || c == '-' || (c >= '0' && c <= '9');
                      });
    if (!fits) {
      fail("name", in_quotes(name) +
                       " is no name: 1 to 64 of A-Z, a-z, 0-9, '_' and '-', beginning with a "
                       "letter or '_'");
    }
  }

  void check_range() {
    const bool integer = p_.type == value_type::integer;
    const auto check = [&](const std::optional<long double>& bound, const char* keyword) {
      if (!bound) return;
      if (!integer && p_.type != value_type::number) return unfit(keyword, "integers and numbers");
      if (!std::isfinite(*bound)) return fail(keyword, "must be a finite number");
      if (!integer) return;
      constexpr auto least = static_cast<long double>(std::numeric_limits<std::int64_t>::min());
      constexpr auto most = static_cast<long double>(std::numeric_limits<std::int64_t>::max());
      if (std::trunc(*bound) != *bound || *bound < least || *bound > most) {
        fail(keyword, "must be an integer of 64 bits, as the parameter is");
      }
    };
    check(p_.minimum, "minimum");
    check(p_.maximum, "maximum");
    ordered(p_.minimum, p_.maximum, "minimum", "maximum");
  }

  void check_lengths() {
    if (p_.type != value_type::string) {
      if (p_.min_length) unfit("minLength", "strings");
      if (p_.max_length) unfit("maxLength", "strings");
      return;
    }
    ordered(p_.min_length, p_.max_length, "minLength", "maxLength");
  }

  void check_pattern() {
    if (p_.pattern.empty()) return;
    if (p_.type != value_type::string) return unfit("pattern", "strings");
    const auto checked = detail::check_pattern(p_.pattern);
    if (!checked.compiled) fail("pattern", checked.fault);
  }

  void check_items() {
    if (!p_.repeated) {
      if (p_.min_items) unfit("minItems", "arrays");
      if (p_.max_items) unfit("maxItems", "arrays");
      return;
    }
    ordered(p_.min_items, p_.max_items, "minItems", "maxItems");
  }

  template <class T>
  void ordered(const std::optional<T>& least, const std::optional<T>& greatest,
               const std::string& least_name, const std::string& greatest_name) {
    if (least && greatest && *least > *greatest) {
      fail(least_name, "is greater than " + greatest_name + ": no value fits");
    }
  }

  void check_choices() {
    check_numbers();
    if (p_.choices.empty()) return;
    if (p_.type != value_type::string)
      return fail("enum", "holds strings; this parameter takes " + std::string(name_of(p_.type)) +
                              "; write them without quotes");
    std::set<std::string_view> seen;
    for (const std::string& value : p_.choices) {
      if (!seen.insert(value).second) fail("enum", in_quotes(value) + " is there twice");
    }
    if (!faults_.empty()) return;
    const member_rules rules = rules_of_one(p_);
    for (const std::string& value : p_.choices) {
      std::string json, scratch;
      json::append_string(json, value);
      attempt("enum", [&] {
        detail::read_member(detail::node_of<std::string>(), &rules, json, &scratch, "enum");
        check_text(value, "enum");
      });
    }
  }

  void check_numbers() {
    if (p_.numbers.empty()) return;
    const bool integer = p_.type == value_type::integer;
    if (!integer && p_.type != value_type::number) {
      return fail("enum", "holds numbers; this parameter takes " + std::string(name_of(p_.type)));
    }
    std::set<long double> seen;
    for (const long double value : p_.numbers) {
      if (!std::isfinite(value)) return fail("enum", "must hold finite numbers");
      std::string text;
      detail::append_bound(text, value);
      if (!seen.insert(value).second) fail("enum", text + " is there twice");
      if (integer && !is_int64(value)) {
        fail("enum", text + (std::trunc(value) != value ? " is no integer"
                                                        : " is more than 64 bits can hold"));
      }
      if (value < p_.minimum.value_or(value) || value > p_.maximum.value_or(value)) {
        fail("enum", text + " is outside of minimum and maximum");
      }
    }
  }

  void check_default() {
    if (!p_.default_value) return;
    if (p_.required) {
      return fail("default", "is never used, as the parameter is required: leave one of them out");
    }
    attempt("default", [&] {
      check_texts(read_value(p_, rules_of(p_), p_.default_value.view(), "default"), "default");
    });
  }

  template <class Read>
  void attempt(const std::string& keyword, const Read& read) {
    try {
      read();
    } catch (const invalid_arguments& error) {
      std::string_view message = error.what();
      if (message.starts_with(keyword + ": ")) message.remove_prefix(keyword.size() + 2);
      fail(keyword, std::string(message));
    }
  }

  const parameter& p_;
  std::vector<parameter_fault> faults_;
};

}  // namespace

std::vector<parameter_fault> check_parameter(const parameter& given) {
  return checker(given).run();
}

std::string unknown_parameter(const std::vector<parameter>& known, std::string_view name) {
  type_node names;
  for (const parameter& p : known) names.members.emplace_back().name = p.name;
  return detail::unknown_name(names, name);
}

std::vector<std::string> own_values(const parameter& of) {
  std::vector<std::string> result = of.choices;
  for (const long double value : of.numbers) {
    if (!std::isfinite(value)) continue;  // a fault, told by check_parameter
    const bool integer = of.type == value_type::integer && is_int64(value);
    result.push_back(integer ? text_of(static_cast<std::int64_t>(value))
                             : text_of(static_cast<double>(value)));
  }
  if (!of.default_value) return result;
  parameter_value value;
  try {
    value = read_value(of, rules_of(of), of.default_value.view(), "default");
  } catch (const invalid_arguments&) {
    return result;
  }
  if (const auto* one = std::get_if<std::string>(&value)) result.push_back(*one);
  if (const auto* many = std::get_if<std::vector<std::string>>(&value)) {
    result.insert(result.end(), many->begin(), many->end());
  }
  return result;
}

struct parameter_set::compiled {
  std::vector<parameter> parameters;
  std::vector<member_rules> rules;
  parameter_values defaults;
  std::optional<std::size_t> standard_input;

  std::unordered_map<std::string_view, std::size_t> by_name;  // of `parameters`, which stay

  std::optional<std::size_t> find(std::string_view name) const {
    const auto found = by_name.find(name);
    return found != by_name.end() ? std::optional(found->second) : std::nullopt;
  }
};

parameter_set::parameter_set(std::vector<parameter> parameters, std::string_view stdin_parameter) {
  auto made = std::make_shared<compiled>();
  std::set<std::string_view> names;
  for (const parameter& p : parameters) {
    const std::string begin = "parameter " + in_quotes(p.name) + ": ";
    if (const auto faults = check_parameter(p); !faults.empty()) {
      throw std::invalid_argument(begin + faults.front().keyword + ": " + faults.front().message);
    }
    if (!names.insert(p.name).second) throw std::invalid_argument(begin + "is there twice");
    made->rules.push_back(rules_of(p));
    made->defaults.push_back(
        p.default_value ? read_value(p, made->rules.back(), p.default_value.view(), "default")
                        : parameter_value());
  }
  made->parameters = std::move(parameters);
  for (std::size_t i = 0; i < made->parameters.size(); ++i) {
    made->by_name.emplace(made->parameters[i].name, i);
  }
  if (!stdin_parameter.empty()) made->standard_input = made->find(stdin_parameter);
  compiled_ = std::move(made);
}

const std::vector<parameter>& parameter_set::parameters() const noexcept {
  return compiled_->parameters;
}

raw_json parameter_set::input_schema() const {
  std::string out, required;
  json::object root(out);
  root.string("type", "object");
  json::object properties(root.key("properties"));  // some hosts refuse a tool without it
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    const parameter& p = parameters()[i];
    detail::append_schema(properties.key(p.name), node_for(p), &compiled_->rules[i],
                          p.default_value);
    if (!p.required) continue;
    required += required.empty() ? '[' : ',';
    json::append_string(required, p.name);
  }
  properties.close();
  if (!required.empty()) root.raw("required", required + "]");
  root.boolean("additionalProperties", false);
  root.close();
  return raw_json::trusted(std::move(out));
}

raw_json parameter_set::tidy(const raw_json& arguments, const argument_leniency& how) const {
  return detail::tidy_arguments(
      arguments,
      [this](std::string_view name) -> const type_node* {
        const auto index = compiled_->find(name);
        return index ? &node_for(parameters()[*index]) : nullptr;
      },
      how);
}

parameter_values parameter_set::read(const raw_json& arguments) const {
  const json::value given = arguments ? json::value(arguments) : json::value("{}");
  if (!given.is(json::kind::object)) throw invalid_arguments("arguments: expected an object");
  parameter_values result = compiled_->defaults;
  std::vector<bool> seen(result.size());
  detail::problem_list problems;
  for (json::members m(given); !problems.full() && m.next();) {
    const auto index = compiled_->find(m.key());
    if (!index) {
      problems.add("arguments: unknown member" + unknown_parameter(parameters(), m.key()));
      continue;
    }
    const parameter& p = parameters()[*index];
    if (seen[*index]) {
      problems.add("arguments: member " + in_quotes(p.name) + " is there twice");
      continue;
    }
    seen[*index] = true;
    if (!p.required && m.value().is(json::kind::null)) continue;
    problems.attempt([&] {
      const std::string root = "arguments." + p.name;
      result[*index] = read_value(p, compiled_->rules[*index], m.value().raw(), root);
      if (index != compiled_->standard_input) check_texts(result[*index], root);
    });
  }
  std::vector<std::string_view> missing;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i] && parameters()[i].required) missing.push_back(parameters()[i].name);
  }
  if (!missing.empty()) problems.add("arguments: " + detail::missing_members(missing));
  problems.throw_if_any();
  return result;
}

}  // namespace longhaul::command
