// SPDX-License-Identifier: Apache-2.0
#include "terminal/live_lines.hpp"

#include <algorithm>
#include <utility>

#include "terminal/plain_text.hpp"

namespace longhaul::terminal {
namespace {

constexpr std::string_view erase_below = "\x1b[J", erase_right = "\x1b[K", no_colours = "\x1b[0m";

std::size_t columns_of(const console& on) { return std::max<std::size_t>(on.looks().width, 1); }

// Bytes of the sequence (ECMA-48 CSI) that `text` begins with; 0: none.
std::size_t sequence_at(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  std::size_t end = 2;
  while (end < text.size() && (text[end] < '@' || text[end] > '~')) ++end;
  return std::min(end + 1, text.size());
}

// Cuts a line that may hold colours.
std::string cut_painted(std::string_view line, std::size_t width) {
  std::string result;
  std::size_t used = 0;
  while (!line.empty()) {
    std::size_t length = sequence_at(line);
    if (length != 0) {
      result += line.substr(0, length);
    } else {
      length = std::min(line.find('\x1b', 1), line.size());
      const std::string run = plain(line.substr(0, length));
      const std::size_t columns = display_width(run);
      if (columns > width - used) {
        return result.append(cut_to_width(run, width - used)).append(no_colours);
      }
      result += run;
      used += columns;
    }
    line.remove_prefix(length);
  }
  return result;
}

std::size_t painted_width(std::string_view line) {
  std::size_t columns = 0;
  while (!line.empty()) {
    std::size_t length = sequence_at(line);
    if (length == 0) {
      length = std::min(line.find('\x1b', 1), line.size());
      columns += display_width(line.substr(0, length));
    }
    line.remove_prefix(length);
  }
  return columns;
}

// What was on a row is overwritten and its rest erased, so that nothing flickers. A full line
// leaves the cursor on its last column, where erasing would take its last character: there it comes
// first.
std::string rows_of(const std::vector<std::string>& lines, std::size_t width) {
  std::string result;
  for (const std::string& line : lines) {
    const bool full = painted_width(line) >= width;
    result.append(full ? erase_right : "").append(line).append(full ? "" : erase_right);
    result += "\r\n";
  }
  return result;
}

std::string with_returns(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') result += '\r';
    result += c;
  }
  if (!text.empty() && !text.ends_with('\n')) result += "\r\n";
  return result;
}

}  // namespace

std::string live_lines::back_to_top(std::size_t width) const {
  std::size_t rows = shown_.size();
  if (width < width_) {
    rows = 0;
    for (const std::string& line : shown_) {
      rows += std::max<std::size_t>((painted_width(line) + width - 1) / width, 1);
    }
  }
  return rows == 0 ? "\r" : "\r\x1b[" + std::to_string(rows) + "A";
}

void live_lines::draw(const std::vector<std::string>& lines) {
  const std::size_t width = columns_of(on_);
  std::vector<std::string> next;
  next.reserve(lines.size());
  for (const std::string& line : lines) next.push_back(cut_painted(line, width));
  if (next == shown_ && width == width_) return;
  if (next.empty() && shown_.empty()) return;
  on_.write(back_to_top(width).append(rows_of(next, width)).append(erase_below));
  shown_ = std::move(next);
  width_ = width;
}

void live_lines::print_above(std::string_view text) {
  if (text.empty()) return;
  if (shown_.empty()) return on_.write(with_returns(text));
  const std::size_t width = columns_of(on_);
  std::string out = back_to_top(width).append(erase_below).append(with_returns(text));
  for (std::string& line : shown_) line = cut_painted(line, width);
  on_.write(out.append(rows_of(shown_, width)));
  width_ = width;
}

void live_lines::clear() {
  if (shown_.empty()) return;
  on_.write(back_to_top(columns_of(on_)).append(erase_below));
  keep();
}

void live_lines::keep() {
  shown_.clear();
  width_ = 0;
}

}  // namespace longhaul::terminal
