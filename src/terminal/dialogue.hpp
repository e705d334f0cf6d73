// SPDX-License-Identifier: Apache-2.0
// Talking with the person at a console: what is said is made plain and fits the width, what is
// asked stands before the cursor.
//
// Threads: one at a time, as the console.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "terminal/console.hpp"

namespace longhaul::terminal {

class dialogue {
 public:
  /// `at` must outlive this.
  explicit dialogue(console& at) : at_(at) {}

  /// Text of anybody, wrapped, on lines of its own; nothing if it is empty.
  void say(std::string_view text, std::size_t indent = 0);
  /// The same on one line, however long: addresses are whole.
  void say_whole(std::string_view text, std::size_t indent = 0);
  void blank_line() { at_.write("\n"); }
  /// The line that is typed behind `prompt`. Null: no more comes.
  std::optional<std::string> ask(std::string_view prompt);

 private:
  console& at_;
};

}  // namespace longhaul::terminal
