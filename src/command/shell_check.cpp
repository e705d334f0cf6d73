// SPDX-License-Identifier: Apache-2.0
#include "command/shell_check.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "command/command_word.hpp"
#include "command/interpreters.hpp"
#include "command/program_text.hpp"
#include "typed/wording.hpp"

namespace longhaul::command {
namespace {

/// What only a shell would understand.
class shell_words {
 public:
  shell_words(const std::vector<command_word>& words, std::vector<template_fault>& warnings)
      : words_(words), warnings_(warnings) {}

  void run() {
    const std::string program = program_of(words_.front());
    const bool own_language = has_own_language(program);
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (!words_[i].is_text) look_at(words_[i], words_[i - 1], own_language);
    }
    if (program == "ssh" || program == "watch") joined(program);
  }

 private:
  void warn(const command_word& w, const std::string& remark) {
    warnings_.push_back(fault_at(w, detail::in_quotes(w.written) + " " + remark));
  }

  void look_at(const command_word& w, const command_word& before, bool own_language) {
    const std::string_view text = w.literal;
    const std::string_view value =
        text.starts_with('-') ? text.substr(std::min(text.find('='), text.size() - 1) + 1) : text;
    if (value == "~" || value.starts_with("~/")) {
      return warn(w,
                  "is passed as it stands, as no shell is there to read ~: write the whole path");
    }
    if (is_blank_option(text)) {
      return warn(w, "is one argument, its blank included: write " + as_separate_items(w.written) +
                         " in its place");
    }
    if (own_language) return;
    if (is_operator(text)) {
      return warn(w,
                  "is passed to the program as it stands, as no shell is there to read it: "
                  "the output is kept anyway; several programs go into a script");
    }
    if (has_variable(text)) {
      return warn(w,
                  "is passed as it stands, as no shell is there to read $: write the value, or a "
                  "parameter");
    }
    if (const auto tick = text.find('`');
        tick != std::string_view::npos && text.find('`', tick + 1) != std::string_view::npos) {
      return warn(w, "is passed as it stands, as no shell is there to read `…`: call a script");
    }
    if (is_glob(text) && !before.is_option()) {
      warn(w,
           "is passed as it stands, as no shell is there to read it: name the files by a "
           "parameter, or call a script");
    }
  }

  // `-l {dir}`
  static bool is_blank_option(std::string_view text) {
    if (text.size() < 4 || text.front() != '-') return false;
    const std::size_t blank = text.find(' ');
    return blank != std::string_view::npos && blank + 1 < text.size() &&
           text.substr(0, blank).find_first_of("=:'\"") == std::string_view::npos;
  }

  static bool is_operator(std::string_view text) {
    constexpr std::array<std::string_view, 13> whole{"|", "||", "&&", "&",  ";",    ">",   ">>",
                                                     "<", "<<", "2>", "&>", "2>&1", "1>&2"};
    if (std::ranges::find(whole, text) != whole.end()) return true;
    for (const std::string_view begin : {">", "2>", "&>", "1>"}) {
      if (text.starts_with(begin) && text.size() > begin.size() && text[begin.size()] != '=') {
        return true;
      }
    }
    for (const std::string_view inside : {" | ", " && ", " || ", " > ", " >> ", " 2>"}) {
      if (text.find(inside) != std::string_view::npos) return true;
    }
    return text.size() > 1 && text.ends_with(';') && text.find(' ') == std::string_view::npos;
  }

  static bool has_variable(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] != '$') continue;
      const char c = text[i + 1];
      if (c == '{' || c == '(' || c == '_' || std::isalpha(static_cast<unsigned char>(c)) != 0) {
        return true;
      }
    }
    return false;
  }

  // `*.txt`, `src/*`: file names, no regular expression.
  static bool is_glob(std::string_view text) {
    if (text.starts_with('-') || text.find('*') == std::string_view::npos) return false;
    if (text.find(".*") != std::string_view::npos && text.find("*.*") == std::string_view::npos) {
      return false;
    }
    return std::ranges::all_of(text, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == value_mark ||
             std::string_view("_./*?-+").find(c) != std::string_view::npos;
    });
  }

  // These make one line of their arguments, and give it to a shell.
  void joined(const std::string& program) {
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (words_[i].name.empty() || words_[i].is_text || words_[i - 1].is_option()) continue;
      warn(words_[i], "becomes part of a line that " + program +
                          " gives to a shell: allow only what is safe there, by enum or pattern");
    }
  }

  const std::vector<command_word>& words_;
  std::vector<template_fault>& warnings_;
};

}  // namespace

shell_findings check_for_shell(const std::vector<template_item>& command) {
  shell_findings found;
  std::vector<command_word> words = words_of(command);
  if (words.empty()) return found;
  const bool wrapped = starts_others(program_of(words.front()));
  for (std::size_t i = 0; i < words.size() && (i == 0 || wrapped); ++i) {
    if (words[i].is_text) continue;
    if (const interpreter* known = interpreter_called(program_of(words[i]))) {
      find_program_text(words, i, *known, found.faults);
    }
  }
  shell_words(words, found.warnings).run();
  return found;
}

std::string as_separate_items(std::string_view line) {
  std::string items;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) break;
    const std::string_view part = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(part.size());
    items += (items.empty() ? "" : ", ") + detail::in_quotes(part);
  }
  return items;
}

}  // namespace longhaul::command
