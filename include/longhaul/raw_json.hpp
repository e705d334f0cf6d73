// SPDX-License-Identifier: Apache-2.0
// JSON text that was validated once and is carried as bytes from then on: arguments, results,
// answers and metadata are stored and spliced, never rebuilt. Copies share one immutable buffer.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace longhaul {

/// Text that is not one JSON value: what was wrong and at which byte, where that is known.
class invalid_json : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// One validated JSON value, or nothing. Thread-safe to copy and read.
class raw_json {
 public:
  /// Absent: `bool(x)` is false and `view()` is empty.
  raw_json() noexcept = default;

  /// Validates `text` as exactly one JSON value (UTF-8, arrays and objects nested at most 511 deep,
  /// numbers of any size) and keeps a copy; white space outside strings is removed if the text
  /// holds a line break, and an escape of half a surrogate pair becomes U+FFFD. Throws
  /// `invalid_json`.
  static raw_json parse(std::string_view text);

  /// Wraps text that is known to be one valid JSON value without line breaks outside strings.
  static raw_json trusted(std::string text);
  static raw_json trusted(std::string_view text) { return trusted(std::string(text)); }
  static raw_json trusted(const char* text) { return trusted(std::string(text)); }

  explicit operator bool() const noexcept { return text_ != nullptr; }
  std::string_view view() const noexcept {
    return text_ ? std::string_view(*text_) : std::string_view();
  }
  std::size_t size() const noexcept { return text_ ? text_->size() : 0; }

  /// Byte-wise comparison; two absent values are equal.
  friend bool operator==(const raw_json& a, const raw_json& b) noexcept {
    return a.text_ == b.text_ || (bool(a) == bool(b) && a.view() == b.view());
  }

 private:
  std::shared_ptr<const std::string> text_;
};

/// `{}` if `value` is absent: what callers leave out is an empty object.
raw_json or_empty_object(raw_json value);

}  // namespace longhaul
