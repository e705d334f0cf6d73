// SPDX-License-Identifier: Apache-2.0
// SQLite's types for the columns of a task record (`stores/record_fields`): visitors that bind the
// parameters of a statement, and read the columns of a row.
//
// Threads: those of the statement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "longhaul/stores/record_fields.hpp"
#include "sqlite/connection.hpp"
#include "stores/sql_columns.hpp"

namespace longhaul::sqlite {

/// Binds one parameter after the other. Texts and bytes must live until the statement has run.
class parameters {
 public:
  explicit parameters(statement& prepared) : statement_(prepared) {}

  template <class Member>
  void operator()(std::string_view, const Member& member) {
    if constexpr (stores::derived<Member>) {
      value(member.get());
    } else {
      value(member);
    }
  }

  void value(std::int64_t number) { statement_.bind(++last_, number); }
  void value(std::uint64_t number) { value(static_cast<std::int64_t>(number)); }
  void value(std::uint32_t number) { value(static_cast<std::int64_t>(number)); }
  void value(bool yes) { value(std::int64_t{yes}); }
  void value(double number) { statement_.bind_number(++last_, number); }
  void value(std::string_view text) { statement_.bind(++last_, text); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(stores::byte_view bytes) { statement_.bind_blob(++last_, bytes); }
  void value(const raw_json& json) { json ? value(json.view()) : null(); }
  void value(milliseconds length) { value(std::int64_t{length.count()}); }
  void value(timestamp time) { value(time.time_since_epoch()); }
  void value(monotonic_time time) { value(time.time_since_epoch()); }
  template <class T>
  void value(const std::optional<T>& maybe) {
    maybe ? value(*maybe) : null();
  }
  void null() { statement_.bind_null(++last_); }

 private:
  statement& statement_;
  int last_ = 0;
};

/// Takes one column after the other. What is read as a view lives until the next step.
class columns {
 public:
  explicit columns(const statement& row) : row_(row) {}

  template <class Member>
  void operator()(std::string_view, Member&& member) {
    using type = std::remove_cvref_t<Member>;
    if constexpr (stores::derived<type>) {
      member.set(take<typename type::value_type>());
    } else {
      member = take<type>();
    }
  }

  template <class T>
  T take() {
    return read(next_++, static_cast<T*>(nullptr));
  }

 private:
  std::uint64_t read(int at, std::uint64_t*) {
    return static_cast<std::uint64_t>(row_.integer(at));
  }
  std::uint32_t read(int at, std::uint32_t*) {
    return static_cast<std::uint32_t>(row_.integer(at));
  }
  std::int64_t read(int at, std::int64_t*) { return row_.integer(at); }
  bool read(int at, bool*) { return row_.integer(at) != 0; }
  double read(int at, double*) { return row_.number(at); }
  std::string read(int at, std::string*) { return std::string(row_.text(at)); }
  std::string_view read(int at, std::string_view*) { return row_.text(at); }
  stores::byte_view read(int at, stores::byte_view*) { return row_.blob(at); }
  raw_json read(int at, raw_json*) {
    return row_.is_null(at) ? raw_json() : raw_json::trusted(row_.text(at));
  }
  milliseconds read(int at, milliseconds*) { return milliseconds(row_.integer(at)); }
  template <class Clock>
  std::chrono::time_point<Clock, milliseconds> read(int at,
                                                    std::chrono::time_point<Clock, milliseconds>*) {
    return std::chrono::time_point<Clock, milliseconds>(milliseconds(row_.integer(at)));
  }
  template <class T>
  std::optional<T> read(int at, std::optional<T>*) {
    if (row_.is_null(at)) return std::nullopt;
    return read(at, static_cast<T*>(nullptr));
  }

  const statement& row_;
  int next_ = 0;
};

using stores::column_names;

}  // namespace longhaul::sqlite
