// SPDX-License-Identifier: Apache-2.0
#include "terminal/jsonc.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "json/tunables.hpp"
#include "json/view.hpp"

namespace longhaul::terminal {
namespace {

// Walks through the text by the grammar, and keeps what JSON has. Words and numbers are only told
// apart from punctuation here; the parser of JSON looks at them again.
class jsonc_reader {
 public:
  explicit jsonc_reader(std::string_view text) : text_(text) {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
  }

  std::string read() {
    value(0);
    skip();
    if (at_ != text_.size()) fail("there is something behind the value");
    return std::move(kept_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { fail_at(at_, why); }
  [[noreturn]] void fail_at(std::size_t at, const std::string& why) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
    throw invalid_jsonc(std::to_string(line) + ":" +
                        std::to_string(count_characters(before.substr(begin)) + 1) + ": " + why);
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void take(char c) {
    kept_ += c;
    ++at_;
  }

  // White space and comments.
  void skip() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (is_json_space(rest.front())) {
        ++at_;
      } else if (rest.starts_with("//")) {
        at_ += std::min(rest.find('\n'), rest.size());
      } else if (rest.starts_with("/*")) {
        const std::size_t end = rest.find("*/", 2);
        if (end == std::string_view::npos) fail("this comment has no end: */");
        at_ += end + 2;
      } else {
        return;
      }
    }
  }

  void value(std::size_t depth) {
    skip();
    switch (next()) {
      case '{':
        return list('}', depth);
      case '[':
        return list(']', depth);
      case '"':
        return string();
      default:
        return word();
    }
  }

  void list(char end, std::size_t depth) {
    if (depth == json::tunables::max_depth) fail("nested too deep");
    const std::size_t begun = at_;
    take(next());
    for (skip(); next() != end; skip()) {
      if (kept_.back() != (end == '}' ? '{' : '[')) kept_ += ',';
      if (end == '}') key();
      value(depth + 1);
      skip();
      if (next() == ',') {
        ++at_;
      } else if (at_ == text_.size()) {
        fail_at(begun, std::string("this has no end: ") + end);
      } else if (next() != end) {
        fail(std::string("here must be a comma or ") + end);
      }
    }
    take(end);
  }

  void key() {
    if (next() != '"') fail("here must be a name in double quotes");
    string();
    skip();
    if (next() != ':') fail("here must be a colon");
    take(':');
  }

  void string() {
    const std::size_t begun = at_;
    take('"');
    while (next() != '"') {
      if (at_ == text_.size() || next() == '\n') fail_at(begun, "this string has no end: \"");
      if (next() == '\\') take('\\');
      if (at_ < text_.size()) take(next());
    }
    take('"');
  }

  void word() {
    const std::size_t begun = at_;
    while (is_letter(next()) || is_digit(next()) || next() == '-' || next() == '+' ||
           next() == '.') {
      ++at_;
    }
    const std::string_view found = text_.substr(begun, at_ - begun);
    if (found.empty()) fail("here must be a value");
    try {
      kept_ += raw_json::parse(found).view();
    } catch (const invalid_json&) {
      fail_at(begun, "this is no value; is it a string without its quotes?");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string kept_;
};

}  // namespace

raw_json read_jsonc(std::string_view text) {
  const std::string kept = jsonc_reader(text).read();
  try {
    return raw_json::parse(kept);
  } catch (const invalid_json& refused) {
    throw invalid_jsonc(std::string("1:1: ") + refused.what());
  }
}

}  // namespace longhaul::terminal
