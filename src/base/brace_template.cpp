// SPDX-License-Identifier: Apache-2.0
#include "base/brace_template.hpp"

#include <algorithm>
#include <utility>

namespace longhaul {

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

}  // namespace longhaul
