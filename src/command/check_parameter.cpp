// SPDX-License-Identifier: Apache-2.0
#include "command/check_parameter.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "command/parameter_value.hpp"
#include "command/tunables.hpp"
#include "json/write.hpp"
#include "typed/ecma_pattern.hpp"
#include "typed/numbers.hpp"

namespace longhaul::command {
namespace {

using detail::in_quotes;
using detail::member_rules;

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
    const auto begins = [](char c) { return is_letter(c) || c == '_'; };
    const bool fits =
        !name.empty() && name.size() <= tunables::max_parameter_name && begins(name.front()) &&
        std::ranges::all_of(name, [&](char c) { return begins(c) || c == '-' || is_digit(c); });
    if (!fits) {
      fail("name", in_quotes(name) + " is no name: 1 to " +
                       std::to_string(tunables::max_parameter_name) +
                       " of A-Z, a-z, 0-9, '_' and '-', beginning with a letter or '_'");
    }
  }

  void check_range() {
    const bool integer = p_.type == value_type::integer;
    const auto check = [&](const std::optional<long double>& bound, const char* keyword) {
      if (!bound) return;
      if (!integer && p_.type != value_type::number) return unfit(keyword, "integers and numbers");
      if (!std::isfinite(*bound)) return fail(keyword, "must be a finite number");
      if (!integer) return;
      if (!is_int64(*bound)) {
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

}  // namespace longhaul::command
