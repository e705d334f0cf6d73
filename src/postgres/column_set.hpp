// SPDX-License-Identifier: Apache-2.0
// Many rows on their way into the database, as one array a column for `unnest`: a visitor for
// `stores/record_fields` that takes a row at a time.
//
//   column_set rows; visit_state(task, rows); rows.put("bytes", n); rows.end_row();
//
// Threads: whoever fills it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postgres/values.hpp"

namespace longhaul::postgres {

class column_set {
 public:
  template <class Member>
  void operator()(std::string_view name, const Member& member) {
    if constexpr (stores::derived<Member>) {
      put(name, member.get());
    } else {
      put(name, member);
    }
  }
  template <class Value>
  void put(std::string_view name, const Value& value) {
    if (rows_ == 0) {
      names_.emplace_back(name);
      arrays_.emplace_back(type_of<Value>());
    }
    arrays_[at_++].add(value);
  }
  void end_row() {
    at_ = 0;
    ++rows_;
  }

  bool empty() const noexcept { return rows_ == 0; }
  std::size_t rows() const noexcept { return rows_; }
  const std::vector<std::string>& names() const noexcept { return names_; }
  /// Appends one parameter a column.
  void append_to(std::vector<parameter>& parameters) const {
    for (const array& each : arrays_) parameters.push_back(each.as_parameter());
  }
  /// `unnest($3, $4, …) AS NAME (…)` with the names; `first` is the number of its first parameter.
  std::string as_table(std::string_view name, std::size_t first = 1) const;
  /// The names, with `before` in front of each.
  std::string list(std::string_view before = {}) const;

 private:
  std::vector<std::string> names_;
  std::vector<array> arrays_;
  std::size_t at_ = 0, rows_ = 0;
};

}  // namespace longhaul::postgres
