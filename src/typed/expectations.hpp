// SPDX-License-Identifier: Apache-2.0
// What a type and the rules of a member let in, and the words for it that a refusal uses. `rules`
// may be null: only the type counts. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "typed/rules.hpp"

namespace longhaul::detail {

/// Within the bounds, and among the choices if there are any.
bool fits(const type_node& type, const member_rules* rules, long double number);
/// The length and the pattern; choices aside.
bool fits(const member_rules& rules, std::string_view text);

std::string expected_number(const type_node& type, const member_rules* rules);
/// What the type holds, for an integer that fits the rules.
std::string expected_width(const type_node& type);
std::string expected_string(const member_rules* rules);
std::string expected_array(const member_rules* rules);
std::string expected_choice(const std::vector<choice>& choices);

}  // namespace longhaul::detail
