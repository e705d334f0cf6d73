// SPDX-License-Identifier: Apache-2.0
// Cuts bytes into lines: a byte order mark at the very start is skipped, CR before LF is dropped,
// empty lines are skipped, a line beyond the bound is thrown away to its end and reported once,
// with its first bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace longhaul::transport {

class line_reader {
 public:
  explicit line_reader(std::size_t max_line) : max_line_(max_line) {}

  /// `on_line` gets each whole line, `on_too_long` is called for each that is not kept: `beginning`
  /// has its first bytes then.
  void put(std::string_view bytes, const std::function<void(std::string)>& on_line,
           const std::function<void()>& on_too_long);
  std::string_view beginning() const noexcept { return line_; }
  /// The last line may lack its line break.
  void end(const std::function<void(std::string)>& on_line);

 private:
  void finish(const std::function<void(std::string)>& on_line);

  const std::size_t max_line_;
  std::string line_;
  bool first_ = true, skipping_ = false;
};

}  // namespace longhaul::transport
