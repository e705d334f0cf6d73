// SPDX-License-Identifier: Apache-2.0
#include "typed/ecma_pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/rules.hpp"

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
// What may stand behind a backslash to be meant itself.
constexpr std::string_view syntax_characters = "^$\\.*+?()[]{}|/";
constexpr int most_repetitions = 1000;    // RE2's own bound
constexpr std::size_t most_nested = 100;  // engines that recurse run out of stack

// Escapes that one of the dialects knows, or that people expect, and what to write instead.
constexpr std::array<std::pair<char, std::string_view>, 19> foreign_escapes{{
    {'A', "write ^"},
    {'z', "write $"},
    {'Z', "write $"},
    {'Q', "write a backslash before each special character"},
    {'E', "write a backslash before each special character"},
    {'C', "write [\\s\\S]"},
    {'X', "write [\\s\\S]"},
    {'p', "list the characters, as in [A-Za-z]"},
    {'P', "list the characters, as in [^A-Za-z]"},
    {'a', "write \\x07"},
    {'e', "write \\x1B"},
    {'h', "write [ \\t]"},
    {'H', "write [^ \\t]"},
    {'R', "write (?:\\r\\n|\\n)"},
    {'N', "write [^\\n]"},
    {'K', "leave it out"},
    {'G', "leave it out"},
    {'c', "write the character's number, as in \\x01"},
    {'k', "there are no back references"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> posix_classes{{
    {"alnum", "A-Za-z0-9"},
    {"alpha", "A-Za-z"},
    {"ascii", "\\x00-\\x7F"},
    {"blank", " \\t"},
    {"cntrl", "\\x00-\\x1F\\x7F"},
    {"digit", "0-9"},
    {"graph", "!-~"},
    {"lower", "a-z"},
    {"print", " -~"},
    {"punct", "!-\\/:-@\\[-`\\{-~"},
    {"space", "\\s"},
    {"upper", "A-Z"},
    {"word", "\\w"},
    {"xdigit", "0-9A-Fa-f"},
}};

struct pattern_fault {
  std::string what;
};

// As it stands in the file, without the backslashes that quoting would double.
std::string shown_as(std::string_view construct) {
  constexpr std::size_t longest = 40;
  const bool plain =
      std::ranges::all_of(construct, [](char c) { return static_cast<unsigned char>(c) >= ' '; });
  if (!plain || construct.size() > longest) return in_quotes(construct);
  return "'" + std::string(construct) + "'";
}

[[noreturn]] void refuse(std::string_view construct, std::string_view advice) {
  throw pattern_fault{"holds " + shown_as(construct) +
                      ", which not every host reads alike: " + std::string(advice)};
}

std::optional<char32_t> hex(std::string_view digits) {
  char32_t value = 0;
  for (const char c : digits) {
    if (!is_hex_digit(c)) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
  }
  return value;
}

std::size_t bytes_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// Reads a pattern once, from left to right, and writes what it means for RE2.
class translator {
 public:
  explicit translator(std::string_view pattern) : rest_(pattern) {}

  std::string run() {
    while (!rest_.empty()) term();
    if (open_ > 0) throw pattern_fault{"has a '(' without its ')'"};
    return std::move(out_);
  }

 private:
  // What a quantifier would be about.
  enum class before { nothing, atom, assertion, quantifier, pair };

  bool next_is(char c, std::size_t at = 0) const { return at < rest_.size() && rest_[at] == c; }
  std::string_view take(std::size_t bytes) {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  void write(std::string_view text, before what) {
    out_ += text;
    before_ = what;
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
    switch (rest_.front()) {
      case '^':
        take(1);
        return write("^", before::assertion);
      case '$':
        take(1);
        return write("\\z", before::assertion);
      case '.':
        take(1);
        return write(no_line_end, before::atom);
      case '|':
        take(1);
        return write("|", before::nothing);
      case '(':
        return group();
      case ')':
        take(1);
        if (open_ == 0) throw pattern_fault{"has a ')' without its '('"};
        --open_;
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
    const char32_t c = character();
    write(c);
    before_ = c > 0xFFFF ? before::pair : before::atom;
  }

  // One character as it stands; the text is valid UTF-8.
  char32_t character() {
    const std::string_view bytes = take(bytes_of_character(rest_.front()));
    if (bytes.size() == 1) return static_cast<unsigned char>(bytes.front());
    auto c = static_cast<char32_t>(static_cast<unsigned char>(bytes.front()) &
                                   (0xFFU >> (bytes.size() + 1)));
    for (const char more : bytes.substr(1)) {
      c = (c << 6) | (static_cast<unsigned char>(more) & 0x3FU);
    }
    return c;
  }

  void group() {
    if (!next_is('?', 1)) {
      take(1);
    } else if (next_is(':', 2)) {
      take(3);
    } else {
      foreign_group();
    }
    if (++open_ > most_nested) {
      throw pattern_fault{"has more than 100 groups within each other"};
    }
    write("(?:", before::nothing);
  }

  [[noreturn]] void foreign_group() const {
    const std::string_view inside = rest_.substr(2);
    const auto begins = [&](std::string_view with) { return inside.starts_with(with); };
    if (begins("=") || begins("!") || begins("<=") || begins("<!")) {
      refuse(rest_.substr(0, begins("<") ? 4 : 3),
             "RE2 has no look-around; say it without, or check it in the tool");
    }
    const std::size_t end = inside.find_first_of("):>");
    const std::string_view shown = rest_.substr(0, end == std::string_view::npos ? 3 : end + 3);
    if (begins("P") || begins("<") || begins("'")) {
      refuse(shown, "groups need no name here; write ( or (?:");
    }
    if (begins(">")) refuse(rest_.substr(0, 3), "write (?:");
    if (begins("#")) refuse(rest_.substr(0, 3), "write no comments into a pattern");
    if (shown.find('i') != std::string_view::npos) {
      refuse(shown, "there are no flags; write both cases, as in [Aa]");
    }
    if (shown.find('s') != std::string_view::npos) {
      refuse(shown, "there are no flags; write [\\s\\S] for any character");
    }
    refuse(shown, "there are no flags; leave it out");
  }

  void quantifier() {
    const std::string_view begin = rest_;
    std::string made;
    if (rest_.front() == '{') {
      made = counted();
    } else {
      made = std::string(take(1));
    }
    const std::string_view shown = begin.substr(0, begin.size() - rest_.size());
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
    if (next_is('?')) made += take(1);
    write(made, before::quantifier);
  }

  // `{2}`, `{2,}`, `{2,5}`
  std::string counted() {
    const std::size_t end = rest_.find('}');
    const std::string_view inside = rest_.substr(1, end == std::string_view::npos ? 0 : end - 1);
    const std::size_t comma = std::min(inside.find(','), inside.size());
    const auto least = number(inside.substr(0, comma));
    const std::string_view more = inside.substr(std::min(comma + 1, inside.size()));
    const auto most = number(more);
    if (comma == 0 && most) refuse(rest_.substr(0, end + 1), "write {0,…}");
    if (!least || (!more.empty() && !most)) {
      refuse("{", "where it is meant itself, write \\{");
    }
    if (*least > most_repetitions || most.value_or(0) > most_repetitions) {
      throw pattern_fault{"repeats something more than 1000 times: use minLength and maxLength"};
    }
    if (most && *most < *least) {
      throw pattern_fault{"has " + shown_as(rest_.substr(0, end + 1)) +
                          ", whose least exceeds its greatest"};
    }
    take(end + 1);
    std::string made = "{" + std::to_string(*least);
    if (comma < inside.size()) made += ',';
    if (most) made += std::to_string(*most);
    return made + '}';
  }

  static std::optional<int> number(std::string_view digits) {
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    int value = 0;
    for (const char c : digits) value = std::min(value * 10 + (c - '0'), most_repetitions + 1);
    return value;
  }

  void escape() {
    if (next_is('b', 1) || next_is('B', 1)) return write(take(2), before::assertion);
    if (const char kind = set_escape()) {
      take(2);
      out_ += '[';
      write_set(kind);
      return write("]", before::atom);
    }
    write(character_escape(false));
    before_ = before::atom;
  }

  // 'd', 'D', … if such a set stands here, else NUL.
  char set_escape() const {
    if (!next_is('\\') || rest_.size() < 2) return '\0';
    constexpr std::string_view sets = "dDwWsS";
    return sets.find(rest_[1]) != std::string_view::npos ? rest_[1] : '\0';
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

  // A backslash and what stands for one character.
  char32_t character_escape(bool in_class) {
    if (rest_.size() < 2) throw pattern_fault{"ends with a lone backslash"};
    const char c = rest_[1];
    switch (c) {
      case 't':
        return take(2), U'\t';
      case 'n':
        return take(2), U'\n';
      case 'v':
        return take(2), U'\v';
      case 'f':
        return take(2), U'\f';
      case 'r':
        return take(2), U'\r';
      case 'x':
        return numbered(2, "\\x");
      case 'u':
        return numbered(4, "\\u");
      default:
        break;
    }
    const bool itself = syntax_characters.find(c) != std::string_view::npos;
    if (itself || (in_class && c == '-')) {
      take(2);
      return static_cast<unsigned char>(c);
    }
    foreign_escape(c, in_class);
  }

  [[noreturn]] void foreign_escape(char c, bool in_class) const {
    const std::string_view shown = rest_.substr(0, 1 + bytes_of_character(c));
    if (in_class && c == 'b') refuse(shown, "write \\x08");
    if (in_class && c == 'B') refuse(shown, "leave it out");
    if (c == '0') refuse(shown, "octal numbers differ; write \\x and two hexadecimal digits");
    if (is_digit(c)) {
      refuse(shown,
             "there are no back references and no octal numbers; write the text again, or "
             "\\x and two hexadecimal digits");
    }
    for (const auto& [letter, advice] : foreign_escapes) {
      if (letter == c) refuse(c == 'p' || c == 'P' ? property() : shown, advice);
    }
    refuse(shown, "write " + std::string(shown.substr(1)) + " without the backslash");
  }

  // `\pN`, `\p{Greek}`
  std::string_view property() const {
    const std::size_t end = next_is('{', 2) ? rest_.find('}') : 2;
    return rest_.substr(0, end == std::string_view::npos ? 3 : end + 1);
  }

  char32_t numbered(std::size_t digits, const std::string& begin) {
    if (next_is('{', 2)) {
      const std::size_t end = std::min(rest_.find('}'), rest_.size() - 1);
      refuse(rest_.substr(0, end + 1),
             "write the character itself, or \\u and four hexadecimal "
             "digits");
    }
    const std::string_view given = rest_.substr(2, digits);
    const auto value = given.size() == digits ? hex(given) : std::nullopt;
    if (!value) {
      refuse(begin, "write " + std::string(digits == 2 ? "two" : "four") +
                        " hexadecimal digits behind it");
    }
    if (*value >= 0xD800 && *value <= 0xDFFF) {
      refuse(rest_.substr(0, 2 + digits), "half a character; write the character itself");
    }
    take(2 + digits);
    return *value;
  }

  void character_class() {
    const std::string_view begin = rest_;
    take(1);
    out_ += '[';
    if (next_is('^')) out_ += take(1);
    if (next_is(']')) {
      refuse(begin.substr(0, begin.size() - rest_.size() + 1),
             "write [\\s\\S] for any character, or \\] for the bracket");
    }
    while (!next_is(']')) {
      if (rest_.empty()) throw pattern_fault{"has a '[' without its ']'"};
      class_member();
    }
    take(1);
    write("]", before::atom);
  }

  void class_member() {
    const std::string_view begin = rest_;
    const auto first = class_atom();
    const bool is_range = next_is('-') && rest_.size() > 1 && rest_[1] != ']';
    if (!is_range) {
      if (first) write(range{*first, *first});
      return;
    }
    take(1);
    const char second_set = set_escape();
    const auto last = first && second_set == '\0' ? class_atom() : std::nullopt;
    if (!last) {
      refuse("-", "where it is meant itself, write \\- or put it last, as in [\\w-]");
    }
    const std::string_view shown = begin.substr(0, begin.size() - rest_.size());
    if (*last < *first)
      throw pattern_fault{"has the range " + shown_as(shown) + ", which runs backwards"};
    write(range{*first, *last});
  }

  // Null: it was a set, and is written.
  std::optional<char32_t> class_atom() {
    if (const char kind = set_escape()) {
      take(2);
      write_set(kind);
      return std::nullopt;
    }
    if (next_is('\\')) return character_escape(true);
    if (next_is('[') && next_is(':', 1)) posix_class();
    const std::string_view shown = rest_.substr(0, bytes_of_character(rest_.front()));
    const char32_t c = character();
    if (c > 0xFFFF) {
      refuse(shown,
             "inside brackets it is two characters without the flag u; write a choice, as "
             "in (?:a|b)");
    }
    return c;
  }

  [[noreturn]] void posix_class() const {
    const std::size_t end = rest_.find(":]");
    const std::string_view shown = rest_.substr(0, end == std::string_view::npos ? 2 : end + 2);
    for (const auto& [name, members] : posix_classes) {
      if (shown.find(name) == std::string_view::npos) continue;
      refuse(shown, "write " + std::string(members) + " inside the brackets");
    }
    refuse(shown, "where [ is meant itself, write \\[");
  }

  std::string_view rest_;
  std::string out_;
  std::size_t open_ = 0;
  before before_ = before::nothing;
};

bool is_utf8(std::string_view text) {
  std::string copy;
  json::append_utf8(copy, text);
  return copy == text;
}

std::shared_ptr<const re2::RE2> compile(const std::string& translated) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<const re2::RE2>(translated, options);
}

// Walks to every place of a schema where a schema stands.
class schema_walker {
 public:
  void schema(json::value at) {
    for (json::members m(at); m.next();) {
      const std::string key(m.key());
      const std::size_t length = path_.size();
      path_ += (path_.empty() ? "" : ".") + key;
      member(key, m.value());
      path_.resize(length);
    }
  }

 private:
  void member(std::string_view key, json::value v) {
    constexpr std::array<std::string_view, 5> named{"properties", "patternProperties", "$defs",
                                                    "definitions", "dependentSchemas"};
    constexpr std::array<std::string_view, 16> nested{"items",
                                                      "prefixItems",
                                                      "additionalItems",
                                                      "unevaluatedItems",
                                                      "contains",
                                                      "additionalProperties",
                                                      "propertyNames",
                                                      "unevaluatedProperties",
                                                      "allOf",
                                                      "anyOf",
                                                      "oneOf",
                                                      "not",
                                                      "if",
                                                      "then",
                                                      "else",
                                                      "contentSchema"};
    if (key == "pattern") {
      if (const auto text = v.string()) check(*text);
    } else if (std::ranges::find(named, key) != named.end()) {
      for (json::members m(v); m.next();) {
        const std::size_t length = path_.size();
        path_ += "." + std::string(m.key());
        if (key == "patternProperties") check(std::string(m.key()));
        schema(m.value());
        path_.resize(length);
      }
    } else if (std::ranges::find(nested, key) != nested.end()) {
      schema(v);
      for (json::elements e(v); e.next();) schema(e.value());
    }
  }

  void check(const std::string& pattern) const {
    const auto checked = check_pattern(pattern);
    if (!checked.compiled) {
      throw std::invalid_argument(path_ + ": the pattern " + checked.fault);
    }
  }

  std::string path_;
};

}  // namespace

checked_pattern check_pattern(std::string_view pattern) {
  if (!is_utf8(pattern)) return {nullptr, "is no UTF-8 text"};
  try {
    auto compiled = compile(translator(pattern).run());
    if (compiled->ok()) return {std::move(compiled), {}};
    return {nullptr, "is more than RE2 takes (" + compiled->error() + "): make it simpler"};
  } catch (const pattern_fault& fault) {
    return {nullptr, fault.what};
  }
}

void check_patterns_of(const raw_json& schema) { schema_walker().schema(json::value(schema)); }

}  // namespace longhaul::detail
