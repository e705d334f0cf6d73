// SPDX-License-Identifier: Apache-2.0
#include "typed/pattern_translator.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "typed/pattern_reader.hpp"
#include "typed/pattern_refusals.hpp"
#include "typed/tunables.hpp"

namespace longhaul::detail {
namespace {

using range = std::pair<char32_t, char32_t>;

// ECMA-262 "WhiteSpace" and "LineTerminator": what `\s` matches, in order.
constexpr std::array<range, 10> blanks{{{0x09, 0x0D},
                                        {0x20, 0x20},
                                        {0xA0, 0xA0},
                                        {0x1680, 0x1680},
                                        {0x2000, 0x200A},
                                        {0x2028, 0x2029},
                                        {0x202F, 0x202F},
                                        {0x205F, 0x205F},
                                        {0x3000, 0x3000},
                                        {0xFEFF, 0xFEFF}}};
constexpr char32_t last_character = 0x10FFFF;
// What `.` does not match.
constexpr std::string_view no_line_end = R"([^\n\r\x{2028}\x{2029}])";
constexpr int most_repetitions = 1000;  // RE2's own bound

// Reads a pattern once, from left to right, and writes what it means for RE2.
class translator {
 public:
  explicit translator(std::string_view pattern) : input_(pattern) {}

  std::string run() {
    while (!input_.at_end()) term();
    if (depth_ > 0) throw pattern_fault{"has a '(' without its ')'"};
    return std::move(out_);
  }

 private:
  // What a quantifier would be about.
  enum class before { nothing, atom, assertion, quantifier, pair };

  void write(std::string_view text, before kind) {
    out_ += text;
    before_ = kind;
  }
  void write(char32_t c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out_ += "\\x{";
    for (int shift = 20; shift >= 0; shift -= 4) out_ += digits[(c >> shift) & 0xF];
    out_ += '}';
  }
  void write(const range& r) {
    write(r.first);
    if (r.first == r.second) return;
    out_ += '-';
    write(r.second);
  }

  void term() {
    switch (input_.rest().front()) {
      case '^':
        input_.take(1);
        return write("^", before::assertion);
      case '$':
        input_.take(1);
        return write("\\z", before::assertion);
      case '.':
        input_.take(1);
        return write(no_line_end, before::atom);
      case '|':
        input_.take(1);
        return write("|", before::nothing);
      case '(':
        return group();
      case ')':
        input_.take(1);
        if (depth_ == 0) throw pattern_fault{"has a ')' without its '('"};
        --depth_;
        return write(")", before::atom);
      case '[':
        return character_class();
      case ']':
        refuse("]", "where it is meant itself, write \\]");
      case '}':
        refuse("}", "where it is meant itself, write \\}");
      case '*':
      case '+':
      case '?':
      case '{':
        return quantifier();
      case '\\':
        return escape();
      default:
        return literal();
    }
  }

  void literal() {
    const char32_t c = input_.character();
    write(c);
    before_ = c > 0xFFFF ? before::pair : before::atom;
  }

  void group() {
    if (!input_.next_is('?', 1)) {
      input_.take(1);
    } else if (input_.next_is(':', 2)) {
      input_.take(3);
    } else {
      refuse_group(input_.rest());
    }
    if (++depth_ > tunables::nested_groups) {
      throw pattern_fault{"has more than " + std::to_string(tunables::nested_groups) +
                          " groups within each other"};
    }
    write("(?:", before::nothing);
  }

  void quantifier() {
    const std::string_view begin = input_.rest();
    std::string text;
    if (input_.rest().front() == '{') {
      text = counted();
    } else {
      text = std::string(input_.take(1));
    }
    const std::string_view shown = begin.substr(0, begin.size() - input_.rest().size());
    switch (before_) {
      case before::atom:
        break;
      case before::nothing:
        throw pattern_fault{"has " + shown_as(shown) +
                            " where nothing stands that could be repeated; where it is meant "
                            "itself, write \\" +
                            std::string(shown.substr(0, 1))};
      case before::assertion:
        refuse(shown, "^, $, \\b and \\B cannot be repeated; leave it out");
      case before::quantifier:
        refuse(shown, shown == "+" ? "nothing is possessive; leave it out"
                                   : "a quantifier cannot follow another; put a group around what "
                                     "stands before it, as in (?:…)" +
                                         std::string(shown));
      case before::pair:
        refuse(shown, "the character before it is two without the flag u; write (?:…)" +
                          std::string(shown));
    }
    if (input_.next_is('?')) text += input_.take(1);
    write(text, before::quantifier);
  }

  // `{2}`, `{2,}`, `{2,5}`
  std::string counted() {
    const std::size_t end = input_.rest().find('}');
    const std::string_view inside =
        input_.rest().substr(1, end == std::string_view::npos ? 0 : end - 1);
    const std::size_t comma = std::min(inside.find(','), inside.size());
    const auto least = number(inside.substr(0, comma));
    const std::string_view more = inside.substr(std::min(comma + 1, inside.size()));
    const auto most = number(more);
    if (comma == 0 && most) refuse(input_.rest().substr(0, end + 1), "write {0,…}");
    if (!least || (!more.empty() && !most)) {
      refuse("{", "where it is meant itself, write \\{");
    }
    if (*least > most_repetitions || most.value_or(0) > most_repetitions) {
      throw pattern_fault{"repeats something more than " + std::to_string(most_repetitions) +
                          " times: use minLength and maxLength"};
    }
    if (most && *most < *least) {
      throw pattern_fault{"has " + shown_as(input_.rest().substr(0, end + 1)) +
                          ", whose least exceeds its greatest"};
    }
    input_.take(end + 1);
    std::string text = "{" + std::to_string(*least);
    if (comma < inside.size()) text += ',';
    if (most) text += std::to_string(*most);
    return text + '}';
  }

  static std::optional<int> number(std::string_view digits) {
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    int value = 0;
    for (const char c : digits) value = std::min(value * 10 + (c - '0'), most_repetitions + 1);
    return value;
  }

  void escape() {
    if (input_.next_is('b', 1) || input_.next_is('B', 1))
      return write(input_.take(2), before::assertion);
    if (const char kind = input_.set_escape()) {
      input_.take(2);
      out_ += '[';
      write_set(kind);
      return write("]", before::atom);
    }
    write(input_.character_escape(false));
    before_ = before::atom;
  }

  // Within brackets.
  void write_set(char kind) {
    if (kind != 's' && kind != 'S') {
      out_ += '\\';
      out_ += kind;
      return;
    }
    char32_t next = 0;
    for (const range& blank : blanks) {
      if (kind == 's') write(blank);
      if (kind == 'S') write(range{next, blank.first - 1});
      next = blank.second + 1;
    }
    if (kind == 'S') write(range{next, last_character});
  }

  void character_class() {
    const std::string_view begin = input_.rest();
    input_.take(1);
    out_ += '[';
    if (input_.next_is('^')) out_ += input_.take(1);
    if (input_.next_is(']')) {
      refuse(begin.substr(0, begin.size() - input_.rest().size() + 1),
             "write [\\s\\S] for any character, or \\] for the bracket");
    }
    while (!input_.next_is(']')) {
      if (input_.at_end()) throw pattern_fault{"has a '[' without its ']'"};
      class_member();
    }
    input_.take(1);
    write("]", before::atom);
  }

  void class_member() {
    const std::string_view begin = input_.rest();
    const auto first = class_atom();
    const bool is_range =
        input_.next_is('-') && input_.rest().size() > 1 && input_.rest()[1] != ']';
    if (!is_range) {
      if (first) write(range{*first, *first});
      return;
    }
    input_.take(1);
    const char second_set = input_.set_escape();
    const auto last = first && second_set == '\0' ? class_atom() : std::nullopt;
    if (!last) {
      refuse("-", "where it is meant itself, write \\- or put it last, as in [\\w-]");
    }
    const std::string_view shown = begin.substr(0, begin.size() - input_.rest().size());
    if (*last < *first)
      throw pattern_fault{"has the range " + shown_as(shown) + ", which runs backwards"};
    write(range{*first, *last});
  }

  // Null: it was a set, and is written.
  std::optional<char32_t> class_atom() {
    if (const char kind = input_.set_escape()) {
      input_.take(2);
      write_set(kind);
      return std::nullopt;
    }
    if (input_.next_is('\\')) return input_.character_escape(true);
    if (input_.next_is('[') && input_.next_is(':', 1)) refuse_posix_class(input_.rest());
    const std::string_view shown =
        input_.rest().substr(0, bytes_of_character(input_.rest().front()));
    const char32_t c = input_.character();
    if (c > 0xFFFF) {
      refuse(shown,
             "inside brackets it is two characters without the flag u; write a choice, as "
             "in (?:a|b)");
    }
    return c;
  }

  pattern_reader input_;
  std::string out_;
  std::size_t depth_ = 0;
  before before_ = before::nothing;
};

}  // namespace

std::string pattern_for_re2(std::string_view pattern) { return translator(pattern).run(); }

}  // namespace longhaul::detail
