// SPDX-License-Identifier: Apache-2.0
#include "run/log_line.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "json/write.hpp"
#include "run/tunables.hpp"

namespace longhaul {
namespace {

constexpr std::array<std::string_view, 8> level_names = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

std::string_view name_of(log_level level) { return level_names[static_cast<std::size_t>(level)]; }

// The valid UTF-8 character at the front of `text`: its bytes, and what it is; 0 bytes: none.
struct character {
  std::size_t size = 0;
  char32_t value = 0;
};
character front_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {1, first};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  char32_t value = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
  return {size, value};
}

bool moves_what_is_shown(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x61c;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
}

void append_escaped(std::string& out, std::string_view text, std::size_t longest, bool quoted) {
  const std::size_t limit = out.size() + longest;
  while (!text.empty()) {
    if (out.size() >= limit) {
      out += "…";
      return;
    }
    const character c = front_of(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(c.size, 1));
    if (c.value == '\n') {
      out += "\\n";
    } else if (c.size == 0 || moves_what_is_shown(c.value)) {
      append_hex(out, bytes);
    } else {
      if (c.value == '\\' || (quoted && c.value == '"')) out += '\\';
      out += bytes;
    }
    text.remove_prefix(bytes.size());
  }
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

void append_value(std::string& out, const log_field& field) {
  switch (field.type) {
    case log_field::kind::number:
      return json::append_number(out, field.number);
    case log_field::kind::boolean:
      out += field.number != 0 ? "true" : "false";
      return;
    case log_field::kind::text:
      break;
  }
  if (is_word(field.text))
    return append_escaped(out, field.text, run_tunables::log_field_bytes, false);
  out += '"';
  append_escaped(out, field.text, run_tunables::log_field_bytes, true);
  out += '"';
}

std::string_view cut(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0U) == 0x80) --longest;
  return text.substr(0, longest);
}

// What moves a terminal is all within four digits.
void append_json_string(std::string& out, std::string_view text, std::size_t longest) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::string_view shown = cut(text, longest);
  out += '"';
  for (std::string_view rest = shown; !rest.empty();) {
    const character c = front_of(rest);
    const std::string_view bytes = rest.substr(0, std::max<std::size_t>(c.size, 1));
    if (c.size == 0) {
      out += "\\ufffd";
    } else if (moves_what_is_shown(c.value)) {
      out += "\\u";
      for (unsigned shift = 16; shift > 0; shift -= 4)
        out += digits[(c.value >> (shift - 4)) & 0xfU];
    } else {
      if (c.value == '"' || c.value == '\\') out += '\\';
      out += bytes;
    }
    rest.remove_prefix(bytes.size());
  }
  if (shown.size() < text.size()) out += "…";
  out += '"';
}

void append_json(std::string& out, const log_record& record, timestamp when) {
  json::object line(out);
  line.string("time", iso8601(when)).string("level", name_of(record.level));
  line.string("event", record.event);
  for (const log_field& field : record.fields) {
    if (field.type == log_field::kind::text) {
      append_json_string(line.key(field.name), field.text, run_tunables::log_field_bytes);
    } else {
      append_value(line.key(field.name), field);
    }
  }
  if (!record.text.empty())
    append_json_string(line.key("text"), record.text, run_tunables::log_text_bytes);
  line.close();
}

void append_text(std::string& out, const log_record& record, timestamp when) {
  out += iso8601(when);
  for (const std::string_view word : {name_of(record.level), record.event}) {
    out += ' ';
    out += word;
  }
  for (const log_field& field : record.fields) {
    out += ' ';
    out += field.name;
    out += '=';
    append_value(out, field);
  }
  if (record.text.empty()) return;
  out += ' ';
  append_escaped(out, record.text, run_tunables::log_text_bytes, false);
}

}  // namespace

void append_log_line(std::string& out, const log_record& record, log_style style, timestamp when) {
  style == log_style::json ? append_json(out, record, when) : append_text(out, record, when);
  out += '\n';
}

}  // namespace longhaul
