// SPDX-License-Identifier: Apache-2.0
// What people read and type at: a terminal, or something that is none. Results go to standard
// output and nowhere near this; here is what is said beside them, on standard error.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace longhaul::terminal {

/// What may be drawn.
struct look {
  bool colour = false;     ///< ANSI colours (`NO_COLOR` is heeded by whoever makes this)
  bool unicode = false;    ///< the locale is UTF-8; else ASCII only
  std::size_t width = 80;  ///< columns
};

class console {
 public:
  virtual ~console() = default;
  /// A person reads this and can answer.
  virtual bool interactive() const = 0;
  /// Asked for each time: terminals change their size.
  virtual look looks() const = 0;
  virtual void write(std::string_view text) = 0;
  /// A line without its end. Null: no more comes, or the user gave up (Ctrl-D, Ctrl-C).
  virtual std::optional<std::string> read_line() = 0;
};

}  // namespace longhaul::terminal
