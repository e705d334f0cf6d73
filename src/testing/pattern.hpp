// SPDX-License-Identifier: Apache-2.0
// Lines with places for what a server chooses: `{{task:a}}`. A name is taken once and must be the
// same from then on.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace longhaul::testkit {

class pattern_names {
 public:
  /// `text` with all names that are known, and with `{{meta …}}` written out.
  std::string filled(std::string text) const;
  /// Null: `came` is as `wanted` (filled) says. Else the place of `came` where they part; names are
  /// as they were then.
  std::optional<std::size_t> match(const std::string& wanted, const std::string& came);
  /// A pattern that fits `came`: known names, and new ones for what servers choose.
  std::string generalised(const std::string& came);
  /// Throws `std::runtime_error` for a name that nobody took.
  const std::string& value(std::string_view name) const;

 private:
  using table = std::map<std::string, std::string, std::less<>>;

  void name_values(std::string& text, std::string_view before, std::string_view kind);
  std::string name_for(std::string_view kind, const std::string& value);

  table names_;
};

/// Both around the place where they part, for people.
std::string difference(const std::string& wanted, const std::string& came, std::size_t at);

}  // namespace longhaul::testkit
