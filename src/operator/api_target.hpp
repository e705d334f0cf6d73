// SPDX-License-Identifier: Apache-2.0
// What the target of a request says: its path in parts, and its parameters. Percent-decoded (RFC
// 3986 §2.1), where a plus sign is itself in the path and a space among the parameters.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longhaul::operating {

struct api_target {
  std::vector<std::string> parts;                               ///< of the path
  std::vector<std::pair<std::string, std::string>> parameters;  ///< in their order

  /// The first of this name; null: there is none.
  const std::string* parameter(std::string_view name) const noexcept;
  /// A whole number within these; `otherwise` if it is not given. Throws `api_error` (400).
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most,
                       std::uint64_t otherwise) const;
  /// Throws `api_error` (400) for anything but "true", "false", "1", "0".
  bool flag(std::string_view name) const;
  /// Throws `api_error` (400) for a parameter that is none of these: a typing error would show all
  /// tasks, and an action would be about all of them.
  void allow_only(std::initializer_list<std::string_view> names) const;
};

/// Throws `api_error` (400) for what is malformed.
api_target read_target(std::string_view target);

}  // namespace longhaul::operating
