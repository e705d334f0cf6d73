// SPDX-License-Identifier: Apache-2.0
// The members of an object schema as arguments that are given as strings: those of prompts, and the
// variables of URI templates. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

struct schema_argument {
  std::string name, title, description;
  bool required = false;
  std::vector<std::string> choices;  ///< the only values there are; empty: others as well
  std::string fault;                 ///< why no string can be read as this; empty: it can
};

/// In the order of the schema's `properties`.
std::vector<schema_argument> arguments_in(const raw_json& object_schema);

}  // namespace longhaul::detail
