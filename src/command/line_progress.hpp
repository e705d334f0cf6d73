// SPDX-License-Identifier: Apache-2.0
// Finds progress in what a program prints. Lines end at `\n` and `\r`; the first pattern that
// matches a line and says something decides. A line is remembered up to
// `tunables::max_progress_line` bytes: what stands behind is not looked at.
//
// Numbers are digits with an optional fraction. `,`, `_` and a blank may group thousands
// ("1,234,567"); a comma before any other number of digits begins a fraction ("42,5"). Anything
// else (a sign, a unit, an exponent) is no number and says nothing.
//
// Threads: patterns are immutable once made; a `line_progress` belongs to one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/spec.hpp"

namespace longhaul::command {

/// Null, or what is wrong with a pattern and what to write.
std::optional<std::string> check_progress_pattern(const progress_pattern& pattern);

/// What a line said. A percentage is `done` of 100.
struct progress_found {
  std::optional<double> done = std::nullopt;  ///< null: the line has a message alone
  std::optional<double> total = std::nullopt;
  std::string message = {};  ///< valid UTF-8, without control characters; may be empty

  friend bool operator==(const progress_found&, const progress_found&) = default;
};

/// A tool's patterns, compiled. Cheap to copy.
class progress_patterns {
 public:
  /// Throws `std::invalid_argument` for a pattern with a fault.
  explicit progress_patterns(const std::vector<progress_pattern>& patterns = {});

  /// True if a pattern wants to see what is printed there.
  bool watches(stream from) const noexcept;
  /// What one whole line says, or null.
  std::optional<progress_found> find(stream from, std::string_view line) const;

 private:
  struct one;
  std::shared_ptr<const std::vector<one>> all_;
};

/// One run's streams, cut into lines.
class line_progress {
 public:
  using sink = std::function<void(progress_found)>;

  explicit line_progress(progress_patterns patterns) : patterns_(std::move(patterns)) {}

  /// The next bytes of a stream, cut anywhere.
  void feed(stream from, std::string_view bytes, const sink& found);
  /// Bytes of the stream were passed over: what stands before and after them is no line.
  void skip(stream from);
  /// The stream has ended: looks at a last line without an end.
  void finish(stream from, const sink& found);

 private:
  void look(stream from, std::string_view line, const sink& found) const;

  progress_patterns patterns_;
  std::array<std::string, 2> begun_;  // the line so far, of each stream
  std::array<bool, 2> torn_{};        // … whose beginning is not known
};

}  // namespace longhaul::command
