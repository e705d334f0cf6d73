// SPDX-License-Identifier: Apache-2.0
// Values as PostgreSQL's binary format has them: single parameters, arrays that hold a column of
// many rows (for `unnest`), and the fields of a result.
//
// Texts of callers may hold what PostgreSQL's `text` cannot (a zero byte, bytes that are no UTF-8):
// those are written as \x01 and hexadecimal digits, and so is what begins with \x01. All others
// stand as they are, for people to read.
//
// Threads: values belong to whoever makes them.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "longhaul/stores/record_fields.hpp"

namespace longhaul::postgres {

/// Types by their object identifiers, which never change (PostgreSQL's pg_type.dat).
enum class type : Oid { boolean = 16, bytes = 17, integer = 20, text = 25, real = 701 };
/// That of an array of them.
Oid array_of(type element) noexcept;

/// A text as it stands in the database, and back.
std::string stored_text(std::string_view text);
std::string original_text(std::string_view stored);

/// Appends the bytes of a value, in network order.
void append(std::string& out, std::uint64_t number, std::size_t bytes);

/// What stands for $1, $2, …
struct parameter {
  Oid kind = 0;
  std::optional<std::string> bytes = std::nullopt;  ///< null: NULL

  static parameter integer(std::int64_t number);
  static parameter text(std::string_view text);
  static parameter bytes_of(stores::byte_view bytes);
  static parameter time(monotonic_time at) { return integer(at.time_since_epoch().count()); }
};

/// A column of many rows.
class array {
 public:
  explicit array(type element) : element_(element) {}

  void add(std::int64_t number);
  void add(std::uint64_t number) { add(static_cast<std::int64_t>(number)); }
  void add(std::uint32_t number) { add(static_cast<std::int64_t>(number)); }
  void add(bool yes);
  void add(double number);
  void add(std::string_view text);
  void add(const std::string& text) { add(std::string_view(text)); }
  void add(const char*) = delete;
  void add(stores::byte_view bytes);
  /// JSON has no zero bytes and is UTF-8.
  void add(const raw_json& json) { json ? add_bytes(json.view()) : add_null(); }
  void add(milliseconds length) { add(std::int64_t{length.count()}); }
  void add(timestamp time) { add(time.time_since_epoch()); }
  void add(monotonic_time time) { add(time.time_since_epoch()); }
  template <class T>
  void add(const std::optional<T>& maybe) {
    maybe ? add(*maybe) : add_null();
  }
  void add_null();

  type element() const noexcept { return element_; }
  std::size_t size() const noexcept { return size_; }
  parameter as_parameter() const;

 private:
  void add_bytes(std::string_view bytes);

  type element_;
  std::string elements_;
  std::size_t size_ = 0;
  bool has_nulls_ = false;
};

template <class Texts>
parameter text_array(const Texts& texts) {
  array all(type::text);
  for (const auto& text : texts) all.add(std::string_view(text));
  return all.as_parameter();
}

/// The type that a member of a record has.
template <class T>
constexpr type type_of() {
  if constexpr (stores::derived<T>) {
    return type_of<typename T::value_type>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return type::boolean;
  } else if constexpr (std::is_same_v<T, double>) {
    return type::real;
  } else if constexpr (std::is_same_v<T, stores::byte_view>) {
    return type::bytes;
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view> ||
                       std::is_same_v<T, raw_json>) {
    return type::text;
  } else if constexpr (
      requires { typename T::value_type; } && requires(const T& maybe) { maybe.has_value(); }) {
    return type_of<typename T::value_type>();
  } else {
    return type::integer;
  }
}

/// One field of a result: NULL, or its bytes. A number that is NULL is 0.
class field {
 public:
  field(const PGresult* rows, int row, int column)
      : null_(PQgetisnull(rows, row, column) == 1),
        bytes_(PQgetvalue(rows, row, column),
               static_cast<std::size_t>(PQgetlength(rows, row, column))) {}

  bool null() const noexcept { return null_; }
  std::string_view bytes() const noexcept { return bytes_; }
  std::int64_t integer() const noexcept;
  bool boolean() const noexcept { return !bytes_.empty() && bytes_[0] != 0; }
  double real() const noexcept;
  std::string text() const { return original_text(bytes_); }

 private:
  bool null_;
  std::string_view bytes_;
};

}  // namespace longhaul::postgres
