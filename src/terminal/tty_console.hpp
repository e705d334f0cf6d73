// SPDX-License-Identifier: Apache-2.0
// The console that is one: standard error to write to, the terminal to read from.
//
// Threads: one at a time; the wake event may be set by any, and by a signal handler.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/wake_event.hpp"
#include "terminal/console.hpp"
#include "terminal/variables.hpp"

namespace longhaul::terminal {

class tty_console final : public console {
 public:
  /// Reads from `from`, writes to `to`. `interrupt`, if any, ends `read_line` once it is set.
  /// Requires: all of them outlive this.
  tty_console(int from, int to, variables environment, const wake_event* interrupt = nullptr)
      : input_(from), output_(to), environment_(std::move(environment)), interrupt_(interrupt) {}

  /// Both ends are terminals.
  bool interactive() const override;
  /// The terminal's own width, else COLUMNS, else 80. Colour on a terminal, unless NO_COLOR is set
  /// or TERM is `dumb`. Unicode if LC_ALL, else LC_CTYPE, else LANG says UTF-8.
  look looks() const override;
  /// The cursor can be moved: lines may redraw in place. TERM is not `dumb`.
  bool redraws() const;
  /// Rows of the terminal; 24 where nobody says.
  std::size_t rows() const;
  /// All of it; blocks while the terminal is stopped. What cannot be written is dropped.
  void write(std::string_view text) override;
  /// Blocks until there is a line. Invalid UTF-8 becomes U+FFFD, controls and escape sequences (of
  /// arrow keys, for instance) are dropped; what is longer than 64 KiB is cut. Null: end of input,
  /// or interrupted.
  std::optional<std::string> read_line() override;

 private:
  enum class input : char { more, over, interrupted };
  input fill();

  int input_, output_;
  variables environment_;
  const wake_event* interrupt_;
  std::string read_;  // bytes behind the last line
};

/// Where answers are read from, for a program whose standard input may be a pipe: standard input if
/// it is a terminal, else /dev/tty, unless standard input is /dev/null: who says so wants no
/// questions. Invalid: nowhere.
descriptor open_terminal_input();

}  // namespace longhaul::terminal
