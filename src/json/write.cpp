// SPDX-License-Identifier: Apache-2.0
#include "json/write.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace longhaul::json {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 sequence at the front of `text`, or 0.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out.push_back(digits[c >> 4]);
  out.push_back(digits[c & 0xF]);
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  std::array<char, 24> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

// True if none of these eight bytes needs a closer look: no control character, quote or backslash,
// nothing beyond ASCII.
bool is_plain(const char* bytes) noexcept {
  constexpr std::uint64_t every = 0x0101010101010101, high = every << 7;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const auto zero_bytes = [](std::uint64_t w) { return (w - every) & ~w; };
  const std::uint64_t special = (word - every * 0x20) | word | zero_bytes(word ^ every * '"') |
                                zero_bytes(word ^ every * '\\');
  return (special & high) == 0;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t clean = 0;  // start of the run that needs no change
  std::size_t i = 0;
  const auto flush = [&] { out.append(text, clean, i - clean); };
  while (i < text.size()) {
    if (text.size() - i >= 8 && is_plain(text.data() + i)) {
      i += 8;
      continue;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c < 0x80) {
      ++i;
    } else if (c < 0x80) {
      flush();
      append_escaped(out, c);
      clean = ++i;
    } else if (const std::size_t length = sequence_length(text.substr(i))) {
      i += length;
    } else {
      flush();
      out += replacement;
      clean = ++i;
    }
  }
  flush();
  out.push_back('"');
}

void append_utf8(std::string& out, std::string_view text) {
  std::size_t clean = 0;  // start of the run that needs no change
  std::size_t i = 0;
  while (i < text.size()) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
    } else if (const std::size_t length = sequence_length(text.substr(i))) {
      i += length;
    } else {
      out.append(text, clean, i - clean);
      out += replacement;
      clean = ++i;
    }
  }
  out.append(text, clean, i - clean);
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  // Whole numbers as people write them: 900000000, not 9e+08.
  constexpr double largest_exact = 9007199254740992;  // 2^53
  if (number == std::trunc(number) && std::abs(number) < largest_exact) {
    return append_integer(out, static_cast<std::int64_t>(number));
  }
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

void append_number(std::string& out, std::int64_t number) { append_integer(out, number); }
void append_number(std::string& out, std::uint64_t number) { append_integer(out, number); }

std::string& object::key(std::string_view name) {
  if (!first_) out_.push_back(',');
  first_ = false;
  append_string(out_, name);
  out_.push_back(':');
  return out_;
}

object& object::string(std::string_view name, std::string_view text) {
  append_string(key(name), text);
  return *this;
}

object& object::number(std::string_view name, double number) {
  append_number(key(name), number);
  return *this;
}

object& object::boolean(std::string_view name, bool value) {
  key(name) += value ? "true" : "false";
  return *this;
}

object& object::null(std::string_view name) {
  key(name) += "null";
  return *this;
}

object& object::raw(std::string_view name, std::string_view value) {
  key(name) += value;
  return *this;
}

}  // namespace longhaul::json
