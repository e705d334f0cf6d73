// SPDX-License-Identifier: Apache-2.0
#include "json/view.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/text.hpp"
#include "json/mend.hpp"

namespace longhaul::json {
namespace {

const char* skip_space(const char* at, const char* end) noexcept {
  while (at != end && is_json_space(*at)) ++at;
  return at;
}

// Sixteen bytes at once, where the machine can: bit i of a mask tells of byte i.
#if defined(__SSE2__)
constexpr std::ptrdiff_t block_size = 16;

class block {
 public:
  explicit block(const char* at) noexcept
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))) {}
  unsigned equal(char c) const noexcept { return mask(bytes_, c); }
  /// Bytes that are `c`, or `c` without the bit that tells `{` from `[` and `}` from `]`.
  unsigned equal_folded(char c) const noexcept {
    return mask(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), c);
  }

 private:
  static unsigned mask(__m128i bytes, char c) noexcept {
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
  }
  __m128i bytes_;
};
#endif

// `at` stands on the opening quote; returns the place behind the closing one. `escapes` is set if
// there are any.
const char* skip_string(const char* at, const char* end, bool& escapes) noexcept {
  ++at;
#if defined(__SSE2__)
  while (end - at >= block_size) {
    const block bytes(at);
    const unsigned found = bytes.equal('"') | bytes.equal('\\');
    if (found == 0) {
      at += block_size;
      continue;
    }
    at += std::countr_zero(found);
    if (*at == '"') return at + 1;
    escapes = true;
    at += 2;  // the escape and what it escapes
  }
#endif
  for (; at < end; ++at) {
    if (*at == '\\') {
      escapes = true;
      ++at;
    } else if (*at == '"') {
      return at + 1;
    }
  }
  return end;
}

const char* skip_string(const char* at, const char* end) noexcept {
  bool escapes = false;
  return skip_string(at, end, escapes);
}

// `at` stands on the opening bracket; returns the place behind its closing one.
const char* skip_nested(const char* at, const char* end) noexcept {
  std::size_t depth = 0;
#if defined(__SSE2__)
  while (end - at >= block_size) {
    const block bytes(at);
    const unsigned quotes = bytes.equal('"'), opens = bytes.equal_folded('{');
    const char* next = at + block_size;
    for (unsigned found = quotes | opens | bytes.equal_folded('}'); found != 0;
         found &= found - 1) {
      const int index = std::countr_zero(found);
      if (((quotes >> index) & 1U) != 0) {
        next = skip_string(at + index, end);
        break;
      }
      if (((opens >> index) & 1U) != 0) {
        ++depth;
      } else if (--depth == 0) {
        return at + index + 1;
      }
    }
    at = next;
  }
#endif
  while (at < end) {
    switch (*at) {
      case '"':
        at = skip_string(at, end);
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) return at + 1;
        break;
      default:
        break;
    }
    ++at;
  }
  return end;
}

const char* skip_value(const char* at, const char* end) noexcept {
  if (at == end) return end;
  if (*at == '"') return skip_string(at, end);
  if (*at == '{' || *at == '[') return skip_nested(at, end);
  while (at != end && *at != ',' && *at != '}' && *at != ']' && !is_json_space(*at)) ++at;
  return at;
}

std::string_view between(const char* from, const char* to) noexcept {
  return {from, static_cast<std::size_t>(to - from)};
}

unsigned hex4(const char* at) noexcept {
  unsigned code = 0;
  std::from_chars(at, at + 4, code, 16);
  return code;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// Resolves the escapes of validated string content (without its quotes).
std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    switch (text[++i]) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        unsigned code = hex4(&text[i + 1]);
        i += 4;
        if (code >= 0xD800 && code < 0xE000) {
          // Half a pair is left only where `validate_in_place` was told to spare it.
          const bool whole = code < 0xDC00 && i + 6 < text.size() &&
                             text.substr(i + 1, 2) == "\\u" && is_low_surrogate(&text[i + 3]);
          code = whole ? 0x10000 + ((code - 0xD800) << 10) + (hex4(&text[i + 3]) - 0xDC00) : 0xFFFD;
          if (whole) i += 6;
        }
        append_utf8(out, code);
        break;
      }
      default:
        out.push_back(text[i]);
        break;
    }
  }
  return out;
}

// True if a number that no double holds is too large, not too small.
bool is_beyond_one(std::string_view token) noexcept {
  constexpr long enough = 1'000'000'000;
  const auto mark = std::min(token.find_first_of("eE"), token.size());
  const auto point = std::min(token.find('.'), mark);
  const auto first = token.find_first_of("123456789");
  if (first >= mark) return false;
  long power = first < point ? static_cast<long>(point - first) : -static_cast<long>(first - point);
  long exponent = 0;
  const bool down = token.substr(mark).starts_with("e-") || token.substr(mark).starts_with("E-");
  for (std::size_t i = mark; i < token.size(); ++i) {
    const bool digit = token[i] >= '0' && token[i] <= '9';
    if (digit && exponent < enough) exponent = exponent * 10 + (token[i] - '0');
  }
  power += down ? -exponent : exponent;
  return power > 0;
}

// Content of the string token at [from, to), quotes included; `buffer` holds it if it had escapes.
std::string_view content(std::string_view token, std::string& buffer) {
  const std::string_view inner = token.substr(1, token.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return inner;
  buffer = unescape(inner);
  return buffer;
}

}  // namespace

value::value(std::string_view text) noexcept {
  const char* end = text.data() + text.size();
  const char* from = skip_space(text.data(), end);
  while (end != from && is_json_space(end[-1])) --end;
  text_ = between(from, end);
}

kind value::type() const noexcept {
  if (text_.empty()) return kind::absent;
  switch (text_.front()) {
    case 'n':
      return kind::null;
    case 't':
    case 'f':
      return kind::boolean;
    case '"':
      return kind::string;
    case '[':
      return kind::array;
    case '{':
      return kind::object;
    default:
      return kind::number;
  }
}

value value::operator[](std::string_view key) const {
  for (members m(*this); m.next();) {
    if (m.key() == key) return m.value();
  }
  return {};
}

std::optional<std::string> value::string() const {
  if (!is(kind::string)) return std::nullopt;
  std::string buffer;
  const std::string_view text = content(text_, buffer);
  if (buffer.empty()) return std::string(text);
  return buffer;
}

std::optional<std::int64_t> value::integer() const noexcept {
  std::int64_t result = 0;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, result);
  if (!is(kind::number) || error != std::errc() || stop != end) return std::nullopt;
  return result;
}

std::optional<double> value::number() const noexcept {
  double result = 0;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, result);
  if (!is(kind::number) || stop != end) return std::nullopt;
  if (error == std::errc()) return result;
  const double beyond = is_beyond_one(text_) ? std::numeric_limits<double>::infinity() : 0;
  return text_.front() == '-' ? -beyond : beyond;
}

std::optional<bool> value::boolean() const noexcept {
  if (!is(kind::boolean)) return std::nullopt;
  return text_.front() == 't';
}

bool value::equals(std::string_view expected) const {
  if (!is(kind::string)) return false;
  std::string buffer;
  return content(text_, buffer) == expected;
}

indexed::indexed(value object) : whole_(object) {
  for (members m(object); m.next();) {
    if (m.value().is(kind::null)) continue;
    if (count_ == found_.size() || m.key_was_escaped()) {
      complete_ = false;
      return;
    }
    found_[count_++] = {m.key(), m.value()};
  }
}

value indexed::operator[](std::string_view key) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (found_[i].first == key) return found_[i].second;
  }
  if (complete_) return {};
  for (members m(whole_); m.next();) {
    if (m.key() == key && !m.value().is(kind::null)) return m.value();
  }
  return {};
}

members::members(json::value object) noexcept {
  if (!object.is(kind::object)) return;
  at_ = object.raw().data() + 1;
  end_ = object.raw().data() + object.raw().size() - 1;
}

bool members::next() {
  at_ = skip_space(at_, end_);
  if (at_ != end_ && *at_ == ',') at_ = skip_space(at_ + 1, end_);
  if (at_ == end_) return false;
  bool escapes = false;
  const char* key_end = skip_string(at_, end_, escapes);
  key_ = between(at_ + 1, key_end - 1);
  if (escapes) key_ = unescaped_ = unescape(key_);
  at_ = skip_space(key_end, end_);
  at_ = skip_space(at_ + 1, end_);  // the colon
  const char* value_end = skip_value(at_, end_);
  value_.text_ = between(at_, value_end);
  at_ = value_end;
  return true;
}

elements::elements(json::value array) noexcept {
  if (!array.is(kind::array)) return;
  at_ = array.raw().data() + 1;
  end_ = array.raw().data() + array.raw().size() - 1;
}

bool elements::next() {
  at_ = skip_space(at_, end_);
  if (at_ != end_ && *at_ == ',') at_ = skip_space(at_ + 1, end_);
  if (at_ == end_) return false;
  const char* value_end = skip_value(at_, end_);
  value_.text_ = between(at_, value_end);
  at_ = value_end;
  return true;
}

}  // namespace longhaul::json
