// SPDX-License-Identifier: Apache-2.0
// The parameters of a program that is a tool, together: their JSON Schema, and the arguments of a
// call read into the texts that the program gets. Checks and messages are those of the typed layer.
//
// Threads: everything here is immutable once made.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/parameter_value.hpp"
#include "command/spec.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"

namespace longhaul::command {

/// Where `name` is missing: ` "name"; did you mean "other"?`, or the names there are.
std::string unknown_parameter(const std::vector<parameter>& known, std::string_view name);

/// The parameters of a tool, compiled. Cheap to copy.
class parameter_set {
 public:
  /// Texts may hold NUL, and any length, for the parameter named `stdin_parameter` alone: they
  /// never become an argument. Throws `std::invalid_argument` for a parameter with a fault and for
  /// two of one name.
  explicit parameter_set(std::vector<parameter> parameters, std::string_view stdin_parameter = {});

  /// `{"type":"object","properties":{…},"required":[…],"additionalProperties":false}`, properties
  /// in the order of the parameters.
  raw_json input_schema() const;

  /// Checks and reads the arguments of a call; absent ones are an empty object. A parameter that is
  /// missing, or null and not required, has its default or no value. Throws `invalid_arguments`,
  /// whose text begins with `arguments`.
  parameter_values read(const raw_json& arguments) const;

  /// The arguments as they are meant: see `argument_leniency`. Of those that need no
  /// change, the same bytes; refuses nothing.
  raw_json tidy(const raw_json& arguments, const argument_leniency& how) const;

  const std::vector<parameter>& parameters() const noexcept;

 private:
  struct compiled;
  std::shared_ptr<const compiled> compiled_;
};

}  // namespace longhaul::command
