// SPDX-License-Identifier: Apache-2.0
// How far work has come, as a line that people read: one that redraws on a terminal, and one for
// each change where there is none. What a server said is made harmless here.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "longhaul/clock.hpp"
#include "longhaul/task.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// Where work is. Two more than a task's status says: `queued` has no place to run yet, `waiting`
/// is for ourselves, as for a server that is gone.
enum class phase : std::uint8_t {
  queued,
  waiting,
  working,
  input_required,
  completed,
  failed,
  cancelled
};
phase phase_of(task_status status) noexcept;

/// What is known of one piece of work.
struct progress_shown {
  std::string label;  ///< the tool, or what the user calls it
  phase at = phase::working;
  /// Totals and figures that make no sense (negative, no number) are not shown.
  std::optional<progress_state> progress = std::nullopt;
  std::string message = {};
  milliseconds elapsed{0};
  std::optional<milliseconds> expected = std::nullopt;  ///< how long it usually takes, in all
};

/// "3 s", "2 min 5 s", "1 h 4 min", "2 d 3 h": two units at the most, never rounded up; what is
/// negative is "0 s".
std::string duration_text(milliseconds length);
/// "4", "0.25", "1.5e+20": a figure of a tool in at most two places behind the point.
std::string figure_text(double figure);
/// Per cent of a known total, 0 to 100, and 100 only if all is done. Null: there is no total.
std::optional<int> percent_of(const progress_state& progress) noexcept;
/// The time left, from what was done in which time, else from what it usually takes; only while it
/// works. Null: nobody can say.
std::optional<milliseconds> time_left(const progress_shown& shown) noexcept;

/// Leaves out what servers of ours say so that something is said (docs/wire.md "Streams"): seconds
/// that are no figure of the tool, and words that stand in the line anyway.
void drop_echoes(progress_shown& shown);

/// One line for a terminal, without its end, in at most `look.width` columns. `frame` counts the
/// draws: it turns the spinner. Where columns are few the status stays longest, then the per cent
/// (the figure without a total), the time, the label, the bar, the time left, figures and message.
std::string progress_line(const progress_shown& shown, const look& look, std::size_t frame);

/// The same change as a line of a log: "render: 40 % (4 of 10), frame 4, 12 s". UTF-8, no colours.
std::string change_line(const progress_shown& shown);

}  // namespace longhaul::terminal
