// SPDX-License-Identifier: Apache-2.0
// Reading validated JSON as bytes. A `value` is a view of one JSON value inside text that went
// through `validate`: nothing here checks syntax again, nothing allocates unless a string holds an
// escape, and every sub-value can be spliced as it stands. Views live as long as the text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "longhaul/raw_json.hpp"

namespace longhaul::json {

enum class kind : std::uint8_t { absent, null, boolean, number, string, array, object };

class value {
 public:
  value() noexcept = default;
  /// `text` is one validated JSON value; white space around it is dropped.
  explicit value(std::string_view text) noexcept;
  explicit value(const raw_json& text) noexcept : value(text.view()) {}

  kind type() const noexcept;
  bool is(kind k) const noexcept { return type() == k; }
  explicit operator bool() const noexcept { return !text_.empty(); }
  /// The bytes of this value, without white space around it.
  std::string_view raw() const noexcept { return text_; }

  /// Member of an object, the first of that name; absent if there is none or this is no object.
  value operator[](std::string_view key) const;

  /// The content of a string, escapes resolved; null for every other kind.
  std::optional<std::string> string() const;
  /// An integer that fits; null for fractions, exponents and every other kind.
  std::optional<std::int64_t> integer() const noexcept;
  /// The nearest double; infinity for what none holds (1e999). Null for every other kind.
  std::optional<double> number() const noexcept;
  std::optional<bool> boolean() const noexcept;
  /// True if this is a string with exactly this content.
  bool equals(std::string_view content) const;

 private:
  friend class members;
  friend class elements;

  std::string_view text_;
};

/// Walks through the members of an object:
///   for (members m(object); m.next();) use(m.key(), m.value());
class members {
 public:
  /// An empty walk if `object` is not an object.
  explicit members(json::value object) noexcept;
  bool next();
  /// The key, escapes resolved. Valid until `next`.
  std::string_view key() const noexcept { return key_; }
  json::value value() const noexcept { return value_; }
  /// The key held escapes: `key()` is a copy, not a part of the text.
  bool key_was_escaped() const noexcept { return key_.data() == unescaped_.data(); }

 private:
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::string_view key_;
  std::string unescaped_;
  json::value value_;
};

/// Walks through the elements of an array.
class elements {
 public:
  explicit elements(json::value array) noexcept;
  bool next();
  json::value value() const noexcept { return value_; }

 private:
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  json::value value_;
};

/// An object whose members were found in one walk, for one that is asked for several of them.
/// A member that is null counts as absent.
class indexed {
 public:
  indexed() = default;
  /// Anything but an object has no members.
  explicit indexed(value object);

  /// The first member of that name that is not null; absent if there is none.
  value operator[](std::string_view key) const;
  bool is(kind k) const noexcept { return whole_.is(k); }
  explicit operator bool() const noexcept { return bool(whole_); }
  const value& whole() const noexcept { return whole_; }

 private:
  value whole_;
  std::array<std::pair<std::string_view, value>, 8> found_;
  std::size_t count_ = 0;
  bool complete_ = true;  // else some members did not fit, or had keys with escapes
};

}  // namespace longhaul::json
