// SPDX-License-Identifier: Apache-2.0
// One parameter of a program: the rules of its values, as the typed layer has them, and a value
// read from JSON into the texts that the program gets. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "command/spec.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {

/// One value as a program gets it, or a list of them for a repeated parameter, or none. Integers
/// are decimal digits, numbers the shortest text that reads back as the same (without an exponent
/// where that is short), booleans `true` and `false`.
using parameter_value = std::variant<std::monostate, std::string, std::vector<std::string>>;
/// One for each parameter, in their order.
using parameter_values = std::vector<parameter_value>;

/// The type that the typed layer reads.
const detail::type_node& node_for(const parameter& p);
/// What holds for the value, and for one value: for an item of a repeated parameter.
detail::member_rules rules_of(const parameter& p);
detail::member_rules rules_of_one(const parameter& p);
bool is_int64(long double x);

/// Throws `invalid_arguments`; `root` is what its text begins with.
parameter_value read_value(const parameter& p, const detail::member_rules& rules,
                           std::string_view json, std::string_view root);
/// That texts can become arguments of a program. Throws `invalid_arguments`.
void check_text(const std::string& text, const std::string& root);
void check_texts(const parameter_value& value, const std::string& root);

/// Values that the author of the tool wrote: choices and the default, as a program gets them. A
/// default with a fault is none.
std::vector<std::string> own_values(const parameter& p);

}  // namespace longhaul::command
