// SPDX-License-Identifier: Apache-2.0
#include "command/terminal_text.hpp"

#include <algorithm>
#include <vector>

#include "json/write.hpp"

namespace longhaul::command {
namespace {

constexpr char escape = '\x1B', bell = '\x07';

bool between(char c, char least, char most) { return c >= least && c <= most; }

// `at` stands behind the first two bytes of a control string; returns the place behind its end, or
// the end of the text.
std::size_t skip_control_string(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == bell) return at + 1;
    if (text[at] == escape && at + 1 < text.size() && text[at + 1] == '\\') return at + 2;
  }
  return at;
}

// `at` stands on an escape character; returns the place behind the sequence. One that is broken
// ends before the byte that cannot belong to it.
std::size_t skip_sequence(std::string_view text, std::size_t at) {
  if (++at == text.size()) return at;
  const char kind = text[at];
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    return skip_control_string(text, at + 1);
  }
  const bool csi = kind == '[';
  if (csi) ++at;
  while (at < text.size() && between(text[at], csi ? '\x30' : '\x20', csi ? '\x3F' : '\x2F')) ++at;
  while (at < text.size() && between(text[at], '\x20', '\x2F')) ++at;
  const bool final_byte = at < text.size() && between(text[at], csi ? '\x40' : '\x30', '\x7E');
  return final_byte ? at + 1 : at;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string plain_text(std::string_view line) {
  std::string kept;
  for (std::size_t at = 0; at < line.size();) {
    const auto c = static_cast<unsigned char>(line[at]);
    if (line[at] == escape) {
      at = skip_sequence(line, at);
      continue;
    }
    if ((c >= 0x20 && c != 0x7F) || c == '\t') kept += line[at];
    ++at;
  }
  std::string result;
  json::append_utf8(result, kept);
  return result;
}

std::string last_lines(std::string_view printed, std::size_t count) {
  std::vector<std::string> lines;  // the last one first
  while (!printed.empty() && lines.size() < count) {
    const std::size_t start = printed.find_last_of('\n') + 1;  // npos + 1 == 0
    std::string_view line = printed.substr(start);
    printed = printed.substr(0, start == 0 ? 0 : start - 1);
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (const auto overwritten = line.find_last_of('\r'); overwritten != std::string_view::npos) {
      line.remove_prefix(overwritten + 1);
    }
    std::string plain = plain_text(line);
    const bool blank = plain.find_first_not_of(" \t") == std::string::npos;
    if (!blank || !lines.empty()) lines.push_back(std::move(plain));
  }
  std::string result;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (line != lines.rbegin()) result += '\n';
    result += *line;
  }
  return result;
}

std::string_view last_bytes(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  text.remove_prefix(text.size() - most);
  for (int i = 0; i < 3 && !text.empty() && is_continuation(text.front()); ++i) {
    text.remove_prefix(1);
  }
  return text;
}

std::string_view first_bytes(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::size_t size = most;
  for (int i = 0; i < 3 && size > 0 && is_continuation(text[size]); ++i) --size;
  return text.substr(0, size);
}

}  // namespace longhaul::command
