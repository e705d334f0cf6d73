// SPDX-License-Identifier: Apache-2.0
// What its author may have got wrong about one parameter. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "command/spec.hpp"

namespace longhaul::command {

/// What is wrong with a parameter.
struct parameter_fault {
  std::string keyword;  ///< the member of `parameter` as the file calls it: "pattern", "enum", …;
                        ///< "name" for the name itself
  std::string message;  ///< what is wrong and what to write, without the parameter's name
};

/// All faults of one parameter: a name that is none, keywords that do not fit its type or each
/// other, a pattern that hosts read otherwise, choices or a default that the other keywords refuse.
std::vector<parameter_fault> check_parameter(const parameter& given);

}  // namespace longhaul::command
