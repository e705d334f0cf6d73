// SPDX-License-Identifier: Apache-2.0
// URI templates (RFC 6570, levels 1 and 2), read backwards: from an address to the values of the
// variables. And what an absolute URI looks like.
//
//   {name}   one segment      notes://{id}        notes://7        id = 7
//   {+name}  whole segments   file:///{+path}     file:///a/b      path = a/b
//   {#name}  the fragment     page://home{#part}  page://home#top  part = top
//
// Values become paths and parts of queries in a handler, so what could lead elsewhere is no match:
// a zero byte, `.` and `..` as a segment, a `/` or `\` that a segment of `{name}` had escaped.
//
// Pure functions; a template is immutable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul {

/// A scheme, a colon, and at least one character more; no white space or control characters.
bool is_resource_uri(std::string_view text) noexcept;

class uri_template {
 public:
  /// Throws `std::invalid_argument`, which says what is wrong, for expressions of higher levels
  /// too.
  explicit uri_template(std::string_view text);

  /// The variables, in their order; each once.
  const std::vector<std::string>& names() const noexcept { return names_; }
  /// The values of the variables, unescaped; null: the address is none of this template. An
  /// address that can be read in several ways is read so that earlier variables are short.
  std::optional<std::map<std::string, std::string>> match(std::string_view uri) const;

 private:
  enum class kind : std::uint8_t { literal, segment, path, fragment };
  struct part {
    kind how = kind::literal;
    std::string text;  // a literal, or the name of a variable
  };
  struct attempt;

  void add_expression(std::string_view expression);
  bool match_from(attempt& tried, std::size_t index, std::string_view rest) const;

  std::vector<part> parts_;
  std::vector<std::string> names_;
};

}  // namespace longhaul
