// SPDX-License-Identifier: Apache-2.0
// The rules for names that people give: of tools (MCP "Tool Names") and of servers and keys. Each
// rule in words stands beside the function that checks it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "base/tunables.hpp"

namespace longhaul {

/// A-Z a-z 0-9 _ . -
constexpr bool is_name_character(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

constexpr bool is_name(std::string_view text, std::size_t longest) noexcept {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

inline std::string name_rule(std::size_t longest) {
  return "1 to " + std::to_string(longest) + " characters of A-Z a-z 0-9 _ . -";
}

inline std::string tool_name_rule() { return name_rule(base::tunables::max_tool_name); }
constexpr bool is_tool_name(std::string_view text) noexcept {
  return is_name(text, base::tunables::max_tool_name);
}

/// Of servers and API keys.
inline std::string short_name_rule() { return name_rule(base::tunables::max_short_name); }
constexpr bool is_short_name(std::string_view text) noexcept {
  return is_name(text, base::tunables::max_short_name);
}

}  // namespace longhaul
