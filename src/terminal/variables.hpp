// SPDX-License-Identifier: Apache-2.0
// The environment as whoever needs it is given it: nothing in this layer but `main`'s own code asks
// the process for its variables, so that a test owns them.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace longhaul::terminal {

/// The value of a variable; null: it is not set. Must not throw.
using variables = std::function<std::optional<std::string>(const std::string& name)>;

/// The same, but empty counts as not set.
inline std::optional<std::string> filled(const variables& environment, const std::string& name) {
  std::optional<std::string> value = environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

/// A folder of the XDG base directories: what `name` says if that is absolute, else `below` in the
/// home folder. Empty: there is no home folder either.
inline std::string base_folder(const variables& environment, const std::string& name,
                               const std::string& below) {
  if (auto folder = filled(environment, name); folder && folder->front() == '/') return *folder;
  const auto home = filled(environment, "HOME");
  return home && home->front() == '/' ? *home + "/" + below : "";
}

}  // namespace longhaul::terminal
