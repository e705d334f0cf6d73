// SPDX-License-Identifier: Apache-2.0
#include "terminal/plain_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"
#include "json/write.hpp"
#include "terminal/character_width.hpp"

namespace longhaul::terminal {
namespace {

constexpr char32_t escape = 0x1B, bell = 0x07, string_end = 0x9C, control_sequence = 0x9B;
constexpr std::size_t most_marks = 4;    // on one letter: more is ornament, or an attack
constexpr std::size_t most_indent = 12;  // columns of a line's own that wrapping keeps

struct character {
  char32_t code = 0;
  std::string_view bytes;
};

// The first one of valid, non-empty text.
character first_of(std::string_view text) {
  const std::size_t size = std::min(bytes_of_character(text.front()), text.size());
  const auto lead = static_cast<unsigned char>(text.front());
  char32_t code = size == 1 ? lead : lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return {code, text.substr(0, size)};
}

character take(std::string_view& text) {
  const character result = first_of(text);
  text.remove_prefix(result.bytes.size());
  return result;
}

bool is_unseen(char32_t c) {
  constexpr std::array<std::pair<char32_t, char32_t>, 16> unseen{{{0xAD, 0xAD},
                                                                  {0x61C, 0x61C},
                                                                  {0x115F, 0x1160},
                                                                  {0x180E, 0x180E},
                                                                  {0x200B, 0x200B},
                                                                  {0x200E, 0x200F},
                                                                  {0x202A, 0x202E},
                                                                  {0x2060, 0x206F},
                                                                  {0x2800, 0x2800},
                                                                  {0x3164, 0x3164},
                                                                  {0xFEFF, 0xFEFF},
                                                                  {0xFFA0, 0xFFA0},
                                                                  {0xFFF0, 0xFFFB},
                                                                  {0x1BCA0, 0x1BCA3},
                                                                  {0x1D173, 0x1D17A},
                                                                  {0xE0000, 0xE0FFF}}};
  return std::ranges::any_of(unseen, [c](const auto& r) { return c >= r.first && c <= r.second; });
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }
bool is_line_break(char32_t c) {
  return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}
bool is_between(char c, char least, char most) { return c >= least && c <= most; }

// Behind the parameters, intermediates and final byte that `rest` begins with.
std::string_view behind_control_sequence(std::string_view rest) {
  const auto skip = [&](char least, char most) {
    while (!rest.empty() && is_between(rest.front(), least, most)) rest.remove_prefix(1);
  };
  skip('\x30', '\x3F');
  skip('\x20', '\x2F');
  if (!rest.empty() && is_between(rest.front(), '\x40', '\x7E')) rest.remove_prefix(1);
  return rest;
}

// Behind the end of a control string; one that has none is not skipped: it would hide the rest.
std::string_view behind_control_string(std::string_view rest) {
  for (std::string_view at = rest; !at.empty();) {
    const char32_t c = take(at).code;
    if (c == bell || c == string_end) return at;
    if (c == escape && at.starts_with('\\')) return at.substr(1);
  }
  return rest;
}

// `rest` stands behind an escape character.
std::string_view behind_escape(std::string_view rest) {
  if (rest.empty()) return rest;
  const char kind = rest.front();
  if (kind == '[') return behind_control_sequence(rest.substr(1));
  if (std::string_view("]PX^_").find(kind) != std::string_view::npos) {
    return behind_control_string(rest.substr(1));
  }
  while (!rest.empty() && is_between(rest.front(), '\x20', '\x2F')) rest.remove_prefix(1);
  if (!rest.empty() && is_between(rest.front(), '\x30', '\x7E')) rest.remove_prefix(1);
  return rest;
}

// Plain text with line breaks as `\n`.
std::string cleaned(std::string_view text) {
  std::string valid, result;
  json::append_utf8(valid, text);
  std::size_t marks = 0;
  for (std::string_view rest = valid; !rest.empty();) {
    const character c = take(rest);
    if (is_line_break(c.code)) {
      if (c.code == '\r' && rest.starts_with('\n')) rest.remove_prefix(1);
      result += '\n';
    } else if (c.code == '\t') {
      result += ' ';
    } else if (c.code == escape) {
      rest = behind_escape(rest);
    } else if (c.code == control_sequence) {
      rest = behind_control_sequence(rest);
    } else if (!is_control(c.code) && !is_unseen(c.code)) {
      marks = character_width(c.code) == 0 ? marks + 1 : 0;
      if (marks <= most_marks) result += c.bytes;
    }
  }
  return result;
}

std::string_view without_blank_ends(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  const std::size_t line = text.substr(0, first).find_last_of('\n') + 1;  // npos + 1 == 0
  return text.substr(line, text.find_last_not_of(" \n") + 1 - line);
}

// As much of `text` as `width` columns hold, with the marks that stand on it.
std::string_view head_of(std::string_view text, std::size_t width) {
  std::string_view rest = text;
  for (std::size_t used = 0; !rest.empty();) {
    const character c = first_of(rest);
    used += character_width(c.code);
    if (used > width) break;
    rest.remove_prefix(c.bytes.size());
  }
  return text.substr(0, text.size() - rest.size());
}

// What of `line` the first of its lines holds: at least a character, at best whole words.
std::string_view first_line(std::string_view line, std::size_t width) {
  const std::string_view head = head_of(line, width);
  if (head.size() == line.size() || line[head.size()] == ' ') return head;
  const std::size_t blank = head.find_last_of(' ');
  const bool whole_words = blank != std::string_view::npos && head.find_first_not_of(' ') < blank;
  if (whole_words) return head.substr(0, blank);
  return head.empty() ? first_of(line).bytes : head;
}

void wrap_line(std::string_view line, std::size_t width, std::vector<std::string>& lines) {
  const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t own = std::min({blanks, most_indent, width / 2});
  line.remove_prefix(blanks);
  do {
    std::string_view head = first_line(line, width - own);
    line.remove_prefix(head.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    head = head.substr(0, head.find_last_not_of(' ') + 1);  // npos + 1 == 0
    lines.push_back(head.empty() ? std::string() : std::string(own, ' ').append(head));
  } while (!line.empty());
}

}  // namespace

std::string plain(std::string_view text) {
  std::string result = cleaned(text);
  std::ranges::replace(result, '\n', ' ');
  return result;
}

std::string plain_lines(std::string_view text) {
  return std::string(without_blank_ends(cleaned(text)));
}

std::string in_ascii(std::string_view text) {
  constexpr std::array<std::pair<char32_t, std::string_view>, 12> meant{{{0xA0, " "},
                                                                         {0xB7, "*"},
                                                                         {0x2010, "-"},
                                                                         {0x2011, "-"},
                                                                         {0x2013, "-"},
                                                                         {0x2014, "-"},
                                                                         {0x2018, "`"},
                                                                         {0x2019, "`"},
                                                                         {0x201C, "\""},
                                                                         {0x201D, "\""},
                                                                         {0x2022, "*"},
                                                                         {0x2026, "..."}}};
  std::string result;
  while (!text.empty()) {
    const character c = take(text);
    if (c.code < 0x80) {
      result += c.bytes;
      continue;
    }
    const auto* const known = std::ranges::find(meant, c.code, &decltype(meant)::value_type::first);
    result += known != meant.end() ? known->second : "?";
  }
  return result;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  while (!text.empty()) width += character_width(take(text).code);
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const std::string_view head = head_of(text, width - 1);
  return std::string(head.substr(0, head.find_last_not_of(' ') + 1)) + "…";
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t used = display_width(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  if (text.empty()) return lines;
  width = std::max<std::size_t>(width, 1);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    wrap_line(text.substr(at, end - at), width, lines);
    at = end + 1;
  }
  return lines;
}

std::string paragraph(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  for (const std::string& line : wrapped(text, width > indent ? width - indent : 1)) {
    if (!line.empty()) result.append(indent, ' ').append(line);
    result += '\n';
  }
  return result;
}

}  // namespace longhaul::terminal
