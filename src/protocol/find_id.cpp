// SPDX-License-Identifier: Apache-2.0
#include "protocol/find_id.hpp"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace longhaul::protocol {
namespace {

// Of numbers and words, right and wrong ones: 01, +1, .5, 0x1F, NaN, None, 1_000.
bool is_word(char c) noexcept {
  return is_digit(c) || is_letter(c) || c == '+' || c == '-' || c == '.' || c == '_' || c == '$';
}

// -?(0|[1-9][0-9]*)
bool is_integer(std::string_view token) noexcept {
  if (token.starts_with('-')) token.remove_prefix(1);
  return !token.empty() && std::ranges::all_of(token, is_digit) &&
         (token.size() == 1 || token.front() != '0');
}

bool is_escape(std::string_view rest) noexcept {
  if (rest.size() < 2) return false;
  if (rest[1] != 'u') return std::string_view("\"\\/bfnrt").find(rest[1]) != rest.npos;
  return rest.size() >= 6 && std::ranges::all_of(rest.substr(2, 4), is_hex_digit);
}

// A whole string token that JSON allows, half surrogate pairs too: it is only sent back.
bool is_string(std::string_view token) noexcept {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
  const std::string_view inner = token.substr(1, token.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (static_cast<unsigned char>(inner[i]) < 0x20) return false;
    if (inner[i] != '\\') continue;
    if (!is_escape(inner.substr(i))) return false;
    ++i;
  }
  return simdjson::validate_utf8(token.data(), token.size());
}

class scanner {
 public:
  explicit scanner(std::string_view text) : text_(text) {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    skip_space();
  }

  glimpse whole() { return message(false); }

  std::vector<glimpse> elements(std::size_t most) {
    std::vector<glimpse> all;
    if (!at('[')) return all;
    ++at_;
    while (true) {
      skip_space();
      if (end() || at(']')) return all;
      if (at(',')) {
        ++at_;
        continue;
      }
      if (all.size() == most) return {};
      const std::size_t from = at_;
      all.push_back(message(true));
      if (at_ == from) ++at_;
    }
  }

 private:
  // What was found of the object that begins here; goes behind it.
  glimpse message(bool in_array) {
    if (!at('{')) {
      skip_value();
      return {};
    }
    ++at_;
    doubt_ = false;
    found certain, doubtful;
    bool several = false, closed = false;
    while (!end()) {
      skip_space();
      if (at('}')) {
        ++at_;
        skip_space();
        closed = true;
        if (in_array || !at(',')) break;
        doubt_ = true;  // one bracket too many, perhaps
      }
      if (at(',')) {
        ++at_;
        continue;
      }
      closed = false;
      found one;
      if (!member(one)) continue;
      found& into = doubt_ ? doubtful : certain;
      several = several || (doubt_ && into.id && one.id && into.id.raw() != one.id.raw());
      into.take(one);
    }
    const bool clean = closed && !cut_ && (end() || (in_array && (at(',') || at(']'))));
    glimpse seen;
    seen.id = certain.id;
    if (!seen.id && !certain.has_id && clean && !several) seen.id = doubtful.id;
    certain.take(doubtful);
    const bool call = certain.has_method.value_or(false);
    const bool response = certain.has_outcome && !call;
    const bool notification = call && !certain.has_id;
    seen.unanswerable = clean && !doubt_ && (response || notification);
    return seen;
  }

  struct found {
    json::value id;
    bool has_id = false, has_outcome = false;
    std::optional<bool> has_method = std::nullopt;  // as the last one of that name says

    void take(const found& other) {
      if (other.has_id) {
        id = other.id;
        has_id = true;
      }
      if (other.has_method) has_method = other.has_method;
      has_outcome = has_outcome || other.has_outcome;
    }
  };

  // Goes over one member, or over what stands in its place. False: there was none.
  bool member(found& into) {
    if (!at('"')) {
      doubt_ = true;
      skip_value();
      return false;
    }
    const std::size_t from = at_;
    skip_string();
    const std::string_view key = text_.substr(from, at_ - from);
    skip_space();
    if (!at(':')) {
      doubt_ = true;
      return false;
    }
    ++at_;
    skip_space();
    const std::size_t begin = at_;
    skip_value();
    const std::string_view value = text_.substr(begin, at_ - begin);
    skip_space();
    const bool ended = end() || at(',') || at('}');
    if (!ended) doubt_ = true;
    if (names(key, "id")) {
      into.has_id = true;
      // A number at the very end of the text may be the beginning of a longer one.
      const bool whole = begin + value.size() < text_.size();
      if ((whole && is_integer(value)) || is_string(value)) into.id = json::value(value);
    }
    if (names(key, "method")) into.has_method = value != "null";
    into.has_outcome = names(key, "result") || names(key, "error");
    return true;
  }

  static bool names(std::string_view key, std::string_view name) {
    return is_string(key) && json::value(key).equals(name);
  }

  void skip_value() {
    if (end()) return;
    if (at('"')) return skip_string();
    if (at('{') || at('[')) return skip_nested();
    const std::size_t from = at_;
    while (!end() && is_word(text_[at_])) ++at_;
    if (at_ != from) return;
    doubt_ = true;
    if (!at(',') && !at('}')) ++at_;  // what is this? In an array it may be the end of it.
  }

  void skip_string() {
    for (++at_; !end(); ++at_) {
      if (at('\\')) {
        ++at_;
      } else if (at('"')) {
        ++at_;
        return;
      }
    }
    at_ = text_.size();
    cut_ = true;
  }

  // Counts brackets only. What cannot stand between them casts doubt on where they belong.
  void skip_nested() {
    std::size_t depth = 0;
    bool value_ended = false;  // the token before was a value: another must not follow at once
    while (!end()) {
      const char c = text_[at_];
      if (c == '"') {
        doubt_ = doubt_ || value_ended;
        skip_string();
        value_ended = true;
        continue;
      }
      if (is_word(c)) {
        doubt_ = doubt_ || value_ended;
        while (!end() && is_word(text_[at_])) ++at_;
        value_ended = true;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        doubt_ = doubt_ || value_ended;
        ++depth;
        value_ended = false;
      } else if (c == '}' || c == ']') {
        value_ended = true;
        if (--depth == 0) return;
      } else if (c == ',' || c == ':') {
        value_ended = false;
      } else if (!is_json_space(c)) {
        doubt_ = true;
      }
    }
    cut_ = true;
  }

  void skip_space() {
    while (!end() && is_json_space(text_[at_])) ++at_;
  }
  bool end() const noexcept { return at_ >= text_.size(); }
  bool at(char c) const noexcept { return !end() && text_[at_] == c; }

  const std::string_view text_;
  std::size_t at_ = 0;
  bool doubt_ = false;  // it is not certain that what follows stands in the outermost object
  bool cut_ = false;    // the text ended within a string or a bracket
};

}  // namespace

glimpse glimpse_of(std::string_view text) { return scanner(text).whole(); }

std::vector<glimpse> glimpses_of(std::string_view text, std::size_t most) {
  return scanner(text).elements(most);
}

}  // namespace longhaul::protocol
