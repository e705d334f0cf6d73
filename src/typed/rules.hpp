// SPDX-License-Identifier: Apache-2.0
// The options of a struct's members, checked against their types and compiled, as the writer of
// schemas and the reader of values use them. Immutable once made.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "longhaul/schema.hpp"
#include "typed/wording.hpp"

namespace re2 {
class RE2;
}

namespace longhaul::detail {

/// What holds for one member beyond its type.
struct member_rules {
  std::string title, description, format, header;
  std::optional<long double> least, greatest;
  std::optional<std::size_t> min_length, max_length, min_items, max_items;
  std::string pattern_text;
  std::shared_ptr<const re2::RE2> pattern;
  std::vector<choice> choices;       ///< of the value, or of a sequence's elements
  std::vector<long double> numbers;  ///< the only values of an integer or number, if any
  std::shared_ptr<const member_rules> of_elements;  ///< set if `choices` are the elements'
  bool optional = false;

  /// Sets `choices`, or `numbers`, so that many of them are found fast.
  void choose(std::vector<choice> values);
  void choose(std::vector<long double> values);
  bool has_choice(const std::string& value) const;
  bool has_number(long double value) const;

 private:
  std::shared_ptr<const std::unordered_set<std::string>> choice_set_;
  std::shared_ptr<const std::unordered_set<long double>> number_set_;
};

struct typed_schema::compiled {
  explicit compiled(const type_node& t) : type(t) {}
  const type_node& type;
  std::vector<member_rules> rules;  ///< one for each member of an object, in order
};

/// The type inside any optionals.
const type_node& bare(const type_node& type);

/// Bounds of an integer or number: the rules', else the type's where they say something.
struct bounds {
  std::optional<long double> least, greatest;
};
bounds bounds_of(const type_node& type, const member_rules* rules);

/// Which member is called `name`; its number, or none.
std::optional<std::size_t> find_member(const type_node& type, std::string_view name);
/// ` "name"; did you mean "other"?`, or the names of the members.
std::string unknown_member(const type_node& type, std::string_view name);

/// The type of a member of a tool's arguments; null: the tool does not declare that name.
using declared_type = std::function<const type_node*(std::string_view name)>;
/// The arguments (an object) as they are meant, as `argument_leniency` says. Refuses nothing.
raw_json tidy_arguments(const raw_json& given, const declared_type& declared,
                        const argument_leniency& how);
/// The same for a handler of raw JSON: members that `schema` has no place for. A schema that names
/// none, or says that more may come, has a place for all.
raw_json tidy_raw_arguments(const raw_json& arguments, const raw_json& schema,
                            const argument_leniency& how);
/// Appends the JSON Schema of one value as it is read. `rules` may be null, `default_value` absent.
void append_schema(std::string& out, const type_node& type, const member_rules* rules,
                   const raw_json& default_value);
/// Reads one value. `rules` may be null. Throws `invalid_arguments`.
void read_member(const type_node& type, const member_rules* rules, std::string_view json,
                 void* object, std::string_view root);

}  // namespace longhaul::detail
