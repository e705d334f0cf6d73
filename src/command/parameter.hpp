// SPDX-License-Identifier: Apache-2.0
// The parameters of a program that is a tool: their JSON Schema, and arguments read into the texts
// that the program gets. Checks and messages are those of the typed layer.
//
// Threads: everything here is immutable once made.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "command/spec.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"

namespace longhaul::command {

/// Bytes of one argument of a program at most: Linux takes 128 KiB with the NUL behind it
/// (MAX_ARG_STRLEN).
inline constexpr std::size_t max_argument_bytes = std::size_t{128} * 1024 - 1;

/// What is wrong with a parameter.
struct parameter_fault {
  std::string keyword;  ///< the member of `parameter` as the file calls it: "pattern", "enum", …;
                        ///< "name" for the name itself
  std::string message;  ///< what is wrong and what to write, without the parameter's name
};

/// All faults of one parameter: a name that is none, keywords that do not fit its type or each
/// other, a pattern that hosts read otherwise, choices or a default that the other keywords refuse.
std::vector<parameter_fault> check_parameter(const parameter& given);

/// Where `name` is missing: ` "name"; did you mean "other"?`, or the names there are.
std::string unknown_parameter(const std::vector<parameter>& known, std::string_view name);

/// One value as a program gets it, or a list of them for a repeated parameter, or none. Integers
/// are decimal digits, numbers the shortest text that reads back as the same (without an exponent
/// where that is short), booleans `true` and `false`.
using parameter_value = std::variant<std::monostate, std::string, std::vector<std::string>>;
/// One for each parameter, in their order.
using parameter_values = std::vector<parameter_value>;

/// Values that the author of the tool wrote: choices and the default, as a program gets them. A
/// default with a fault is none.
std::vector<std::string> own_values(const parameter& of);

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

  /// The arguments as they are meant: see `tool_definition::tidy`.
  raw_json tidy(const raw_json& arguments, const argument_leniency& how) const;

  const std::vector<parameter>& parameters() const noexcept;

 private:
  struct compiled;
  std::shared_ptr<const compiled> compiled_;
};

}  // namespace longhaul::command
