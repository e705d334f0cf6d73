// SPDX-License-Identifier: Apache-2.0
// Writing JSON by appending to a string: escaped strings, numbers, and objects and arrays whose
// members are values or spliced bytes. Numbers that JSON cannot say (NaN, infinities) become null.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "longhaul/raw_json.hpp"

namespace longhaul::json {

/// Appends `text` as a JSON string. Invalid UTF-8 is replaced by U+FFFD.
void append_string(std::string& out, std::string_view text);
/// Appends `text` as it is, without quotes and escapes; invalid UTF-8 is replaced by U+FFFD.
void append_utf8(std::string& out, std::string_view text);
void append_number(std::string& out, double number);
void append_number(std::string& out, std::int64_t number);
void append_number(std::string& out, std::uint64_t number);

/// Appends one object, member by member; closes it in `close`.
///   object o(out); o.string("name", name).raw("arguments", bytes); o.close();
class object {
 public:
  explicit object(std::string& out) : out_(out) { out_.push_back('{'); }
  object(const object&) = delete;
  object& operator=(const object&) = delete;

  /// Writes the key; the caller appends the value to the string itself.
  std::string& key(std::string_view name);
  object& string(std::string_view name, std::string_view text);
  object& number(std::string_view name, double number);
  object& boolean(std::string_view name, bool value);
  object& null(std::string_view name);
  template <std::integral Integer>
  object& integer(std::string_view name, Integer number) {
    using widest = std::conditional_t<std::signed_integral<Integer>, std::int64_t, std::uint64_t>;
    append_number(key(name), static_cast<widest>(number));
    return *this;
  }
  /// Splices validated JSON.
  object& raw(std::string_view name, std::string_view value);
  object& raw(std::string_view name, const raw_json& value) { return raw(name, value.view()); }
  void close() { out_.push_back('}'); }

 private:
  std::string& out_;
  bool first_ = true;
};

/// Writes an array into a string: `next` before each value, which the caller appends itself.
class array {
 public:
  explicit array(std::string& out) : out_(out) { out_.push_back('['); }
  array(const array&) = delete;
  array& operator=(const array&) = delete;

  /// Where the next value goes.
  std::string& next() {
    if (!first_) out_.push_back(',');
    first_ = false;
    return out_;
  }
  void close() { out_.push_back(']'); }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace longhaul::json
