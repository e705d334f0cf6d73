// SPDX-License-Identifier: Apache-2.0
// How refusals are worded: what was found, where it stands, what there is instead. What is repeated
// of the input is cut (`typed/tunables.hpp`).
//
// Threads: pure functions; a `problem_list` belongs to one reader.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "longhaul/schema.hpp"
#include "typed/tunables.hpp"

namespace longhaul::detail {

/// As a JSON string, cut if it is long.
std::string in_quotes(std::string_view text);
/// What was found, as a refusal says it: `"red"`, `5`, `an object`.
std::string shown(json::value v);
/// The place of a member: `place.name`, or `place["odd name"]`.
std::string member_place(const std::string& place, std::string_view name);

/// ` between 1 and 5`, ` of at least 1`, ` of at most 5`; empty bounds are none.
std::string between(const std::string& least, const std::string& greatest);
/// `3 characters`, `at least 1 element`, `1 to 5 elements`; nothing without a bound.
std::string counted(std::optional<std::size_t> least, std::optional<std::size_t> greatest,
                    std::string_view unit);

/// "a, b, …": the first of `all`, as `show` shows them.
template <class T, class Show>
std::string listed(const std::vector<T>& all, const Show& show) {
  std::string result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == tunables::listed_names) return result + ", …";
    result += (i == 0 ? "" : ", ") + show(all[i]);
  }
  return result;
}
/// The same as what was expected.
template <class T, class Show>
std::string one_of(const std::vector<T>& all, const Show& show) {
  return (all.size() == 1 ? "" : "one of ") + listed(all, show);
}
std::string one_of(const std::vector<std::string_view>& names);

/// `missing member "a"`, `missing members "a", "b"`; cut if there are many.
std::string missing_members(const std::vector<std::string_view>& names);
/// ` "name"; did you mean "other"?`, or the names there are.
std::string unknown_name(const std::vector<std::string_view>& known, std::string_view name);
/// Why many hosts refuse a tool of this name, and what to do; empty: they do not. Reads on from
/// "the name".
std::string name_warning(std::string_view name);

/// Everything that is wrong with a value, told together: one who has to guess learns all of it from
/// one refusal.
class problem_list {
 public:
  void add(std::string problem);
  /// Runs `read`; what it refuses is noted.
  template <class Read>
  void attempt(const Read& read) {
    try {
      read();
    } catch (const invalid_arguments& refused) {
      add(refused.what());
    }
  }
  /// More need not be looked for.
  bool full() const noexcept { return problems_.size() >= tunables::told_problems; }
  /// Throws `invalid_arguments`, a line each, if there are any.
  void throw_if_any() const;

 private:
  std::vector<std::string> problems_;
};

}  // namespace longhaul::detail
