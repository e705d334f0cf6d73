// SPDX-License-Identifier: Apache-2.0
// What a form asks for, member by member, and what a typed answer to one comes to. MCP
// "Elicitation", Requested Schema; what servers write beyond it is read as far as it can be.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/schema_lookup.hpp"

namespace longhaul::terminal {

struct form_member {
  enum class shape : std::uint8_t { choice, choices, flag, number, text, other };

  std::string name;
  std::string title;        ///< what it is called: its title, or its name; not plain
  std::string description;  ///< not plain
  bool required = false;
  shape how = shape::other;
  std::vector<schema_choice> options;  ///< of `choice` and `choices`
  json::value preset;                  ///< its default, if that fits; else absent
  json::value schema;                  ///< behind references
};

/// The members of one form. Views within stand in the schema, which this keeps.
class form {
 public:
  explicit form(const raw_json& requested_schema);

  const std::vector<form_member>& members() const noexcept { return members_; }
  const form_member* find(std::string_view name) const;
  json::value root() const noexcept { return parameters_.root(); }

 private:
  form_member member_of(const parameter& one) const;

  parameter_list parameters_;
  std::vector<form_member> members_;
};

/// The options may be chosen by their place, from 1: none of them looks like a number itself.
bool has_numbered_options(const form_member& member);
/// How an option is shown: its title, or its value; not plain.
std::string option_words(const schema_choice& option);

/// The JSON of what was typed for `member`: choices by number, value or title, several between
/// commas; y and n; numbers and texts within their bounds. Throws `unfit_word`, which says what is
/// wanted; plain. `asked` is the form it is of.
std::string read_member(const form& asked, const form_member& member, std::string_view typed);

/// Throws `unfit_word` unless `v` is what `member` allows.
void check_member(const form_member& member, json::value v);

}  // namespace longhaul::terminal
