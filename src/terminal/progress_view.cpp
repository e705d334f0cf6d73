// SPDX-License-Identifier: Apache-2.0
#include "terminal/progress_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "terminal/plain_text.hpp"
#include "terminal/styled.hpp"
#include "terminal/tunables.hpp"

namespace longhaul::terminal {
namespace {

using namespace std::chrono_literals;

bool is_over(phase at) { return at >= phase::completed; }

// How a phase looks: a mark of one column (none: a wheel turns), and a word; none for work that
// runs.
struct phase_look {
  std::string_view mark, ascii_mark, word, words;
  tone colour;
};

const phase_look& look_of(phase at) {
  static constexpr std::array<phase_look, 7> all = {{
      {"", "", "queued", "queued", tone::faint},
      {"", "", "waiting", "waiting", tone::faint},
      {"", "", "", "working", tone::busy},
      {"?", "?", "asks", "waits for an answer", tone::asking},
      {"✔", "+", "done", "completed", tone::good},
      {"✖", "!", "failed", "failed", tone::bad},
      {"■", "-", "cancelled", "cancelled", tone::bad},
  }};
  return all[static_cast<std::size_t>(at)];
}

std::string mark_of(phase at, const look& look, std::size_t frame) {
  static constexpr std::array<std::string_view, 10> wheel = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                             "⠴", "⠦", "⠧", "⠇", "⠏"};
  static constexpr std::string_view ascii_wheel = "|/-\\";
  const phase_look& shown = look_of(at);
  if (!shown.mark.empty()) return std::string(look.unicode ? shown.mark : shown.ascii_mark);
  if (look.unicode) return std::string(wheel[frame % wheel.size()]);
  return {ascii_wheel[frame % ascii_wheel.size()]};
}

bool is_figure(double number) { return std::isfinite(number) && number >= 0; }

bool has_total(const progress_state& progress) {
  return progress.total && std::isfinite(*progress.total) && *progress.total > 0 &&
         is_figure(progress.done);
}

// One part of a line. It is there if `least` columns are left for it, and may be wider.
struct line_part {
  enum class kind : char { mark, label, word, bar, percent, figures, time, left, message };
  kind is;
  std::string text;
  tone colour = tone::normal;
  std::size_t least = 0;
  std::size_t most = 0;
  std::size_t columns = 0;  // 0: it is not shown
};

line_part whole_part(line_part::kind is, std::string text, tone colour) {
  const std::size_t columns = display_width(text);
  return {is, std::move(text), colour, columns, columns, 0};
}

std::string bar_text(double share, std::size_t columns, const look& look) {
  std::string result;
  if (!look.unicode) {
    const auto full = static_cast<std::size_t>(share * static_cast<double>(columns - 2));
    return "[" + std::string(full, '#') + std::string(columns - 2 - full, '-') + "]";
  }
  const auto halves = static_cast<std::size_t>(share * static_cast<double>(columns * 2));
  for (std::size_t i = 0; i < columns; ++i) {
    result += i * 2 + 2 <= halves ? "━" : i * 2 + 1 == halves ? "╸" : "─";
  }
  return result;
}

// All that could be said, in the order of its importance.
std::vector<line_part> parts_of(const progress_shown& shown, const look& look, std::size_t frame) {
  using kind = line_part::kind;
  const phase_look& words = look_of(shown.at);
  std::vector<line_part> all;
  all.push_back({kind::mark, mark_of(shown.at, look, frame), words.colour, 1, 1, 0});
  if (!words.word.empty()) {
    all.push_back(whole_part(kind::word, std::string(words.word), words.colour));
  }
  const bool done = shown.at == phase::completed;
  const auto percent = shown.progress ? percent_of(*shown.progress) : std::nullopt;
  const bool counts = shown.progress && is_figure(shown.progress->done);
  const std::string figures = counts ? figure_text(shown.progress->done) : "";
  if (percent && !done) {
    all.push_back(whole_part(kind::percent, std::to_string(*percent) + " %", tone::strong));
  } else if (counts && !done) {
    all.push_back(whole_part(kind::figures, figures, tone::strong));
  }
  all.push_back(whole_part(kind::time, duration_text(shown.elapsed), tone::normal));
  const std::string label = fitted(shown.label, std::max<std::size_t>(look.width / 4, 12), look);
  const std::size_t label_columns = display_width(label);
  all.push_back({kind::label, label, tone::strong, std::min(label_columns, tunables::least_label),
                 label_columns, 0});
  if (percent && !is_over(shown.at)) {
    all.push_back({kind::bar, "", words.colour, tunables::least_bar,
                   std::clamp(look.width / 5, tunables::least_bar, tunables::widest_bar), 0});
  }
  if (const auto left = time_left(shown)) {
    all.push_back(whole_part(kind::left, "~" + duration_text(*left) + " left", tone::faint));
  }
  if (percent && !done) {
    all.push_back(whole_part(kind::figures, figures + "/" + figure_text(*shown.progress->total),
                             tone::normal));
  }
  if (std::string said = fitted(shown.message, look.width, look); !said.empty()) {
    const std::size_t columns = display_width(said);
    all.push_back({kind::message, std::move(said), tone::normal,
                   std::min(columns, tunables::least_message), columns, 0});
  }
  return all;
}

// Gives each part its columns; what has no room stays out. Two blanks between parts where they can
// be had, and one behind the mark.
void place_parts(std::vector<line_part>& all, std::size_t width, std::size_t gap) {
  std::size_t used = 0, placed = 0;
  for (line_part& one : all) {
    const std::size_t before = placed == 0 ? 0 : placed == 1 ? 1 : gap;
    if (one.least == 0 || used + before + one.least > width) continue;
    one.columns = one.least;
    used += before + one.least;
    ++placed;
  }
  for (line_part& one : all) {
    if (one.columns == 0) continue;
    const std::size_t more = std::min(one.most - one.columns, width - used);
    one.columns += more;
    used += more;
  }
}

std::string joined_parts(std::vector<line_part> all, const look& look, std::size_t gap,
                         double share) {
  std::ranges::sort(all, {}, &line_part::is);
  std::string result;
  std::size_t before = 0;  // blanks
  for (const line_part& one : all) {
    if (one.columns == 0) continue;
    const std::string text = one.is == line_part::kind::bar ? bar_text(share, one.columns, look)
                                                            : fitted(one.text, one.columns, look);
    result.append(before, ' ').append(painted(text, one.colour, look));
    before = one.is == line_part::kind::mark ? 1 : gap;
  }
  return result;
}

// "40 % (4 of 10)", "4".
std::string progress_words(const progress_state& progress) {
  if (!is_figure(progress.done)) return {};
  std::string done = figure_text(progress.done);
  const auto percent = percent_of(progress);
  if (!percent) return done;
  return std::to_string(*percent) + " % (" + done + " of " + figure_text(*progress.total) + ")";
}

}  // namespace

phase phase_of(task_status status) noexcept {
  switch (status) {
    case task_status::input_required:
      return phase::input_required;
    case task_status::completed:
      return phase::completed;
    case task_status::failed:
      return phase::failed;
    case task_status::cancelled:
      return phase::cancelled;
    default:
      return phase::working;
  }
}

std::string duration_text(milliseconds length) {
  const auto all = std::max<std::int64_t>(length / 1s, 0);
  struct unit {
    std::int64_t seconds;
    std::string_view name;
  };
  static constexpr std::array<unit, 4> units = {
      {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}}};
  for (std::size_t i = 0; i + 1 < units.size(); ++i) {
    if (all < units[i].seconds) continue;
    std::string result = std::to_string(all / units[i].seconds).append(units[i].name);
    const std::int64_t rest = all % units[i].seconds / units[i + 1].seconds;
    if (rest != 0) result.append(" ").append(std::to_string(rest)).append(units[i + 1].name);
    return result;
  }
  return std::to_string(all) + " s";
}

std::string figure_text(double figure) {
  std::array<char, 64> text{};
  if (!std::isfinite(figure) || std::abs(figure) >= 1e15) {
    std::snprintf(text.data(), text.size(), "%.3g", figure);
    return text.data();
  }
  std::snprintf(text.data(), text.size(), "%.2f", figure);
  std::string result = text.data();
  while (result.back() == '0') result.pop_back();
  if (result.back() == '.') result.pop_back();
  return result == "-0" ? "0" : result;
}

std::optional<int> percent_of(const progress_state& progress) noexcept {
  if (!has_total(progress)) return std::nullopt;
  if (progress.done >= *progress.total) return 100;
  return std::min(99, static_cast<int>(progress.done / *progress.total * 100));
}

std::optional<milliseconds> time_left(const progress_shown& shown) noexcept {
  if (shown.at != phase::working) return std::nullopt;
  if (shown.progress && has_total(*shown.progress) && shown.progress->done > 0) {
    const double rest = *shown.progress->total / shown.progress->done - 1;
    const double left = std::max(rest, 0.0) * static_cast<double>(shown.elapsed.count());
    if (!(left < static_cast<double>(tunables::longest_left.count()))) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(left));
  }
  if (!shown.expected || *shown.expected <= shown.elapsed) return std::nullopt;
  if (*shown.expected > tunables::longest_left) return std::nullopt;
  return *shown.expected - std::max(shown.elapsed, 0ms);
}

void drop_echoes(progress_shown& shown) {
  const bool runs = shown.message.starts_with("running for ");
  const bool beats = shown.progress && !shown.progress->total;
  if (beats && (runs || shown.message.starts_with("waiting"))) shown.progress.reset();
  const bool asks = shown.at == phase::input_required && shown.message == "waiting for an answer";
  if ((beats && runs) || asks) shown.message.clear();
}

std::string progress_line(const progress_shown& shown, const look& look, std::size_t frame) {
  std::vector<line_part> all = parts_of(shown, look, frame);
  const std::size_t gap = look.width >= tunables::roomy ? 2 : 1;
  place_parts(all, look.width, gap);
  double share = 0;
  if (shown.progress && has_total(*shown.progress)) {
    share = std::min(shown.progress->done / *shown.progress->total, 1.0);
  }
  return joined_parts(std::move(all), look, gap, share);
}

std::string change_line(const progress_shown& shown) {
  std::string result = plain(shown.label);
  std::string_view between = result.empty() ? "" : ": ";
  const auto add = [&](std::string_view text) {
    if (text.empty()) return;
    result.append(between).append(text);
    between = ", ";
  };
  const std::string figures = shown.progress ? progress_words(*shown.progress) : "";
  if (shown.at != phase::working || figures.empty()) add(look_of(shown.at).words);
  add(figures);
  add(cut_to_width(plain(shown.message), tunables::message_in_change));
  add(duration_text(shown.elapsed));
  return result;
}

}  // namespace longhaul::terminal
