// SPDX-License-Identifier: Apache-2.0
#include "command/placeholders.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "command/parameter.hpp"
#include "typed/wording.hpp"

namespace longhaul::command {
namespace {

constexpr std::string_view brace_hint = "; where a brace itself is meant, write {{ or }}";

bool could_be_name(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

void fail_unknown(std::string_view inside, std::string_view name,
                  const std::vector<parameter>& known, const template_fail& fail) {
  if (name.empty()) {
    fail("{" + std::string(inside) + "} names no parameter" + std::string(brace_hint));
  } else if (!could_be_name(name)) {
    fail("there is no parameter " + detail::in_quotes(name) + std::string(brace_hint));
  } else {
    fail("there is no parameter" + unknown_parameter(known, name));
  }
}

}  // namespace

std::vector<template_part> split_template(std::string_view text, const template_fail& fail) {
  std::vector<template_part> parts;
  std::string literal;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    literal += text.substr(0, brace);
    text.remove_prefix(brace);
    if (text.size() >= 2 && text[0] == text[1]) {
      literal += text[0];
      text.remove_prefix(2);
    } else if (text.starts_with('}')) {
      fail("a '}' without its '{'" + std::string(brace_hint));
      text.remove_prefix(1);
    } else if (text.starts_with('{')) {
      const std::size_t end = text.find_first_of("{}", 1);
      if (end == std::string_view::npos || text[end] == '{') {
        fail("a '{' without its '}'" + std::string(brace_hint));
        break;
      }
      parts.push_back({std::exchange(literal, {}), text.substr(1, end - 1)});
      text.remove_prefix(end + 1);
    }
  }
  if (!literal.empty()) parts.push_back({std::move(literal)});
  return parts;
}

std::optional<placeholder> read_placeholder(std::string_view inside,
                                            const std::vector<parameter>& known,
                                            std::string_view example, const template_fail& fail) {
  const std::size_t mark = inside.find('?');
  const std::string name(inside.substr(0, mark));
  const auto found = std::ranges::find(known, name, &parameter::name);
  if (found == known.end()) {
    fail_unknown(inside, name, known, fail);
    return std::nullopt;
  }
  placeholder result{.parameter = static_cast<std::size_t>(found - known.begin())};
  if (mark == std::string_view::npos) return result;
  const std::string_view then = inside.substr(mark + 1);
  if (found->type != value_type::boolean || found->repeated) {
    fail("{" + std::string(inside) + "}: only a boolean can be a condition, and " +
         detail::in_quotes(name) + " is " + (found->repeated ? "a list" : "none") + "; write {" +
         name + "} for its value");
  } else if (then.empty()) {
    fail("{" + std::string(inside) + "}: nothing stands behind '?'; write " + std::string(example));
  }
  result.then = std::string(then);
  return result;
}

}  // namespace longhaul::command
