// SPDX-License-Identifier: Apache-2.0
// Rows to task records, and the statements that read them. The columns are those of
// `stores/record_fields`, visited; `columns.hpp` does the same for what is written.
//
// Threads: those of the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/record_fields.hpp"
#include "postgres/connection.hpp"
#include "stores/sql_columns.hpp"

namespace longhaul::postgres {

/// A record as it stands in the database.
struct task_row {
  task_ptr record;
  std::size_t bytes = 0;  ///< what it takes up (`size_of`)
};

using stores::detail;

/// `SELECT …` of whole rows, in the order of `read_row`, with `rest` behind it: FROM is there, with
/// `t` for tasks, `s` for states and `b` for bodies.
std::string select_tasks(detail wanted, std::string_view rest);
task_row read_row(const rows& from, int row, detail wanted);
std::vector<task_row> read_rows(const rows& from, detail wanted);

/// The line of a queue in which a task waits: empty without a concurrency key.
std::string line_of(const task_origin& origin);

/// Takes one column after the other.
class row_reader {
 public:
  row_reader(const rows& from, int row) : from_(from), row_(row) {}

  template <class Member>
  void operator()(std::string_view, Member&& member) {
    using member_type = std::remove_cvref_t<Member>;
    if constexpr (stores::derived<member_type>) {
      set(member);
    } else {
      read(next(), member);
    }
  }
  field next() { return from_.at(row_, column_++); }

 private:
  template <class Derived>
  void set(const Derived& member) {
    using value = typename Derived::value_type;
    const field stored = next();
    if constexpr (std::is_same_v<value, std::optional<std::string_view>>) {
      const std::string text = stored.null() ? std::string() : stored.text();
      member.set(stored.null() ? value() : value(text));
    } else if constexpr (std::is_same_v<value, std::optional<stores::byte_view>>) {
      const std::string_view bytes = stored.bytes();
      const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
      member.set(stored.null() ? value() : value(stores::byte_view(first, bytes.size())));
    } else if constexpr (std::is_same_v<value, std::optional<double>>) {
      member.set(stored.null() ? value() : value(stored.real()));
    } else {
      member.set(static_cast<value>(stored.integer()));
    }
  }
  static void read(const field& stored, std::string& text) { text = stored.text(); }
  static void read(const field& stored, raw_json& json) {
    json = stored.null() ? raw_json() : raw_json::trusted(stored.bytes());
  }
  static void read(const field& stored, bool& yes) { yes = stored.boolean(); }
  template <std::unsigned_integral Number>
  static void read(const field& stored, Number& number) {
    number = static_cast<Number>(stored.integer());
  }
  static void read(const field& stored, milliseconds& length) {
    length = milliseconds(stored.integer());
  }
  template <class Clock>
  static void read(const field& stored, std::chrono::time_point<Clock, milliseconds>& time) {
    time = std::chrono::time_point<Clock, milliseconds>(milliseconds(stored.integer()));
  }
  template <class T>
  static void read(const field& stored, std::optional<T>& maybe) {
    maybe.reset();
    if (!stored.null()) read(stored, maybe.emplace());
  }

  const rows& from_;
  const int row_;
  int column_ = 0;
};

}  // namespace longhaul::postgres
