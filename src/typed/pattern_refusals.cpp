// SPDX-License-Identifier: Apache-2.0
#include "typed/pattern_refusals.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "typed/wording.hpp"

namespace longhaul::detail {
namespace {

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

// `\pN`, `\p{Greek}`
std::string_view property(std::string_view rest) {
  const bool braced = rest.size() > 2 && rest[2] == '{';
  const std::size_t end = braced ? rest.find('}') : 2;
  return rest.substr(0, end == std::string_view::npos ? 3 : end + 1);
}

}  // namespace

std::string shown_as(std::string_view construct) {
  const bool plain =
      std::ranges::all_of(construct, [](char c) { return static_cast<unsigned char>(c) >= ' '; });
  if (!plain || construct.size() > tunables::shown_construct) return in_quotes(construct);
  return "'" + std::string(construct) + "'";
}

void refuse(std::string_view construct, std::string_view advice) {
  throw pattern_fault{"holds " + shown_as(construct) +
                      ", which not every host reads alike: " + std::string(advice)};
}

void refuse_group(std::string_view rest) {
  const std::string_view inside = rest.substr(2);
  const auto begins = [&](std::string_view text) { return inside.starts_with(text); };
  if (begins("=") || begins("!") || begins("<=") || begins("<!")) {
    refuse(rest.substr(0, begins("<") ? 4 : 3),
           "RE2 has no look-around; say it without, or check it in the tool");
  }
  const std::size_t end = inside.find_first_of("):>");
  const std::string_view shown = rest.substr(0, end == std::string_view::npos ? 3 : end + 3);
  if (begins("P") || begins("<") || begins("'")) {
    refuse(shown, "groups need no name here; write ( or (?:");
  }
  if (begins(">")) refuse(rest.substr(0, 3), "write (?:");
  if (begins("#")) refuse(rest.substr(0, 3), "write no comments into a pattern");
  if (shown.find('i') != std::string_view::npos) {
    refuse(shown, "there are no flags; write both cases, as in [Aa]");
  }
  if (shown.find('s') != std::string_view::npos) {
    refuse(shown, "there are no flags; write [\\s\\S] for any character");
  }
  refuse(shown, "there are no flags; leave it out");
}

void refuse_escape(std::string_view rest, bool in_class) {
  const char c = rest[1];
  const std::string_view shown = rest.substr(0, 1 + bytes_of_character(c));
  if (in_class && c == 'b') refuse(shown, "write \\x08");
  if (in_class && c == 'B') refuse(shown, "leave it out");
  if (c == '0') refuse(shown, "octal numbers differ; write \\x and two hexadecimal digits");
  if (is_digit(c)) {
    refuse(shown,
           "there are no back references and no octal numbers; write the text again, or "
           "\\x and two hexadecimal digits");
  }
  for (const auto& [letter, advice] : foreign_escapes) {
    if (letter == c) refuse(c == 'p' || c == 'P' ? property(rest) : shown, advice);
  }
  refuse(shown, "write " + std::string(shown.substr(1)) + " without the backslash");
}

void refuse_posix_class(std::string_view rest) {
  const std::size_t end = rest.find(":]");
  const std::string_view shown = rest.substr(0, end == std::string_view::npos ? 2 : end + 2);
  for (const auto& [name, members] : posix_classes) {
    if (shown.find(name) == std::string_view::npos) continue;
    refuse(shown, "write " + std::string(members) + " inside the brackets");
  }
  refuse(shown, "where [ is meant itself, write \\[");
}

}  // namespace longhaul::detail
