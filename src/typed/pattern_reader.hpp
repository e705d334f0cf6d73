// SPDX-License-Identifier: Apache-2.0
// Reads a pattern of ECMA-262 from left to right: its characters and escapes. The text is valid
// UTF-8. What not every host reads alike throws `pattern_fault` (typed/pattern_refusals.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace longhaul::detail {

class pattern_reader {
 public:
  explicit pattern_reader(std::string_view pattern) : rest_(pattern) {}

  std::string_view rest() const noexcept { return rest_; }
  bool at_end() const noexcept { return rest_.empty(); }
  bool next_is(char c, std::size_t offset = 0) const {
    return offset < rest_.size() && rest_[offset] == c;
  }
  std::string_view take(std::size_t bytes);

  /// One character as it stands.
  char32_t character();
  /// 'd', 'D', … if such a set stands here, else NUL.
  char set_escape() const;
  /// A backslash and what stands for one character.
  char32_t character_escape(bool in_class);

 private:
  char32_t numbered(std::size_t digits, const std::string& begin);

  std::string_view rest_;
};

}  // namespace longhaul::detail
