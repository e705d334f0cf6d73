// SPDX-License-Identifier: Apache-2.0
#include "command/parameter.hpp"

#include <optional>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "command/check_parameter.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {

using detail::in_quotes;
using detail::member_rules;
using detail::type_node;

std::string unknown_parameter(const std::vector<parameter>& known, std::string_view name) {
  std::vector<std::string_view> names;
  names.reserve(known.size());
  for (const parameter& p : known) names.push_back(p.name);
  return detail::unknown_name(names, name);
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
  auto set = std::make_shared<compiled>();
  std::set<std::string_view> names;
  for (const parameter& p : parameters) {
    const std::string begin = "parameter " + in_quotes(p.name) + ": ";
    if (const auto faults = check_parameter(p); !faults.empty()) {
      throw std::invalid_argument(begin + faults.front().keyword + ": " + faults.front().message);
    }
    if (!names.insert(p.name).second) throw std::invalid_argument(begin + "is there twice");
    set->rules.push_back(rules_of(p));
    set->defaults.push_back(
        p.default_value ? read_value(p, set->rules.back(), p.default_value.view(), "default")
                        : parameter_value());
  }
  set->parameters = std::move(parameters);
  for (std::size_t i = 0; i < set->parameters.size(); ++i) {
    set->by_name.emplace(set->parameters[i].name, i);
  }
  if (!stdin_parameter.empty()) set->standard_input = set->find(stdin_parameter);
  compiled_ = std::move(set);
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
  const raw_json whole = or_empty_object(arguments);
  const json::value given(whole);
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
