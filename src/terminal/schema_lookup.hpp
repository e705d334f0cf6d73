// SPDX-License-Identifier: Apache-2.0
// What the JSON Schemas of any server say about a value, as far as a person who types one needs it:
// which types, which choices, which parameters. Schemas come from outside: references may go in
// circles or nowhere, keywords may hold anything. What cannot be read says nothing, and no walk is
// longer than its bounds.
//
// Threads: pure functions. A `json::value` lives as long as the text that it is part of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::terminal {

/// The types of JSON Schema, as bits of a set; an empty set: any.
using type_set = std::uint8_t;
namespace types {
inline constexpr type_set null = 1, boolean = 2, integer = 4, number = 8, string = 16, array = 32,
                          object = 64;
}  // namespace types

/// One value of `enum`, or of the `const` of a list, with the title it has there.
struct schema_choice {
  json::value value;
  std::string title;  ///< empty: it has none
};

/// One of the things that a value may be.
struct alternative {
  json::value schema;  ///< behind references; absent where nothing is known
  type_set allowed = 0;
  std::vector<schema_choice> choices;  ///< not empty: one of them, and nothing else
};

/// `schema`, or what its `$ref` leads to within `root` (JSON pointers; not to other documents).
/// Absent: it leads nowhere, or in a circle.
json::value resolved(json::value schema, json::value root);

/// What a value of `schema` may be: at least one. `anyOf`, `oneOf` and `allOf` are looked into,
/// `nullable` adds null, keywords of one type tell of it where `type` is missing.
std::vector<alternative> alternatives_of(json::value schema, json::value root);

/// A keyword (`description`, `default`) of the schema, else of the one it refers to.
json::value keyword(json::value schema, std::string_view name, json::value root);
/// The same if it is a string, else empty; not plain yet.
std::string keyword_text(json::value schema, std::string_view name, json::value root);

struct parameter {
  std::string name;
  json::value schema;
  bool required = false;
};

/// The parameters of a tool, by its `inputSchema`; in the order they stand there.
class parameter_list {
 public:
  explicit parameter_list(raw_json input_schema);

  const std::vector<parameter>& all() const noexcept { return all_; }
  /// Null: the schema names none of this name.
  const parameter* find(std::string_view name) const;
  /// No others are allowed.
  bool closed() const noexcept { return closed_; }
  /// Names are also given by patterns, which are not looked at: any name may be one.
  bool has_patterns() const noexcept { return has_patterns_; }
  /// The schema of parameters that are not listed; absent: nothing is said.
  json::value others() const noexcept { return others_; }
  /// What references are looked up in.
  json::value root() const noexcept { return json::value(schema_); }

 private:
  void gather(json::value schema, bool certain, std::size_t depth);
  void add(std::string_view name, json::value schema);

  raw_json schema_;
  std::vector<parameter> all_;
  std::unordered_map<std::string, std::size_t> places_;
  std::size_t looked_at_ = 0;
  bool closed_ = false, has_patterns_ = false;
  json::value others_;
};

}  // namespace longhaul::terminal
