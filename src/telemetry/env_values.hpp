// SPDX-License-Identifier: Apache-2.0
// Variables as OpenTelemetry has them: an empty one is as one that is not set, lists are
// `key=value,key=value` with %XX, numbers are whole and not negative. What cannot be read is an
// `std::invalid_argument` that names the variable, what it holds and what to do.
//
// Threads: those of the function that reads a variable.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longhaul::telemetry {

using name_values = std::vector<std::pair<std::string, std::string>>;
/// As `getenv`: null if there is no such variable.
using variable_reader = std::function<const char*(const char*)>;

class env_values {
 public:
  explicit env_values(const variable_reader& read) : read_(read) {}

  /// Without spaces around it; null: not set, or empty.
  std::optional<std::string> text(const std::string& name) const;
  /// The first of two names that is set: that of traces, then that of all signals.
  std::optional<std::pair<std::string, std::string>> either(const std::string& first,
                                                            const std::string& second) const;
  /// From `least` to `most`.
  std::optional<long long> number(const std::string& name, long long least, long long most) const;
  /// Only "true", in any case, is true.
  bool is_true(const std::string& name) const;

 private:
  const variable_reader& read_;
};

/// `variable 'value': advice`
[[noreturn]] void refuse_variable(const std::string& name, std::string_view value,
                                  const std::string& advice);
/// Throws as `env_values`.
long long whole_number(const std::string& name, std::string_view value, long long least,
                       long long most);
/// Null: an entry has no `=` or no key. A `%` that begins no %XX stands for itself.
std::optional<name_values> read_pairs(std::string_view list);

}  // namespace longhaul::telemetry
