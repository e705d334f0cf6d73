// SPDX-License-Identifier: Apache-2.0
// Lines at the bottom of a terminal that change in place: progress of one piece of work or several.
// Other text goes above them and stays.
//
// The cursor rests below the lines, at the left. Each draw is one write: up to the first line, over
// what is there, and what lies below is erased. A line never wraps, so its rows are known; only a
// terminal that was made narrower since has broken the lines it showed, as most do, and they are
// counted by its new width. (One that cuts them instead, as xterm, loses as many rows above.)
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "terminal/console.hpp"

namespace longhaul::terminal {

class live_lines {
 public:
  /// Requires: `on` outlives this, and is a terminal that can move its cursor. Nobody else writes
  /// to it while lines are shown, but through `print_above`.
  explicit live_lines(console& on) : on_(on) {}
  /// Leaves the lines as they stand.
  ~live_lines() = default;
  live_lines(const live_lines&) = delete;
  live_lines& operator=(const live_lines&) = delete;

  /// Shows `lines` instead of those before. They may hold colours; what is wider than the terminal
  /// is cut. Nothing is written if nothing changed. Requires: fewer than the terminal has rows.
  void draw(const std::vector<std::string>& lines);
  /// Prints whole lines above, which stay. Requires: plain text, but for colours.
  void print_above(std::string_view text);
  /// Erases the lines: the cursor is where it was before the first draw.
  void clear();
  /// Leaves the lines as they stand and begins anew below them.
  void keep();

 private:
  std::string back_to_top(std::size_t width) const;

  console& on_;
  std::vector<std::string> shown_;
  std::size_t width_ = 0;  // of the terminal when they were drawn
};

}  // namespace longhaul::terminal
