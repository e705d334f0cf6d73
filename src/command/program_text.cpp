// SPDX-License-Identifier: Apache-2.0
#include "command/program_text.hpp"

#include <string>
#include <string_view>

#include "typed/wording.hpp"

namespace longhaul::command {
namespace {

// Looks through the arguments of one interpreter.
class text_finder {
 public:
  text_finder(std::vector<command_word>& words, std::size_t program, const interpreter& known,
              std::vector<template_fault>& faults)
      : words_(words), program_(program), interpreter_(known), faults_(faults) {}

  void run() {
    for (next_ = program_ + 1; next_ < words_.size() && !ended_;) {
      const std::string& literal = words_[next_].literal;
      if (literal == "--") {
        ++next_;
        break;
      }
      if (holds(interpreter_.words, literal.substr(0, literal.find('=')))) {
        long_option(literal);
      } else if (words_[next_].is_option() || literal.starts_with('+')) {
        short_options(literal);
      } else if (interpreter_.anywhere) {
        ++next_;
      } else if (interpreter_.behind_first) {
        ++next_;
        const std::string option = next_ < words_.size() ? words_[next_].literal : std::string();
        if ((option == "-c" || option == "--command") && next_ + 1 < words_.size()) {
          is_text(next_ + 1);
        }
        return;
      } else {
        break;
      }
    }
    const bool wants_first = wanted_ || (interpreter_.text_is_first && !found_ && !from_file_);
    if (wants_first && next_ < words_.size()) is_text(next_);
  }

 private:
  void long_option(const std::string& literal) {
    if (literal.find('=') != std::string::npos) {
      is_text(next_++);
    } else {
      ++next_;
      if (next_ < words_.size()) is_text(next_++);
    }
  }

  void short_options(const std::string& literal) {
    const std::size_t here = next_++;
    if (literal.starts_with("--")) {
      if (holds(interpreter_.long_arguments, literal) && next_ < words_.size()) ++next_;
      if (interpreter_.text_is_first && literal.starts_with("--file=")) from_file_ = true;
      return;
    }
    for (std::size_t i = 1; i < literal.size(); ++i) {
      const bool last = i + 1 == literal.size();
      if (interpreter_.text.find(literal[i]) != std::string_view::npos) {
        if (!interpreter_.text_attached) {
          wanted_ = true;  // the first argument that is no option
        } else if (!last) {
          // Letters that go together, as `node -pe`, or the text itself.
          if (interpreter_.text.find(literal[i + 1]) != std::string_view::npos &&
              i + 2 == literal.size())
            continue;
          return is_text(here);
        } else if (next_ < words_.size()) {
          is_text(next_++);
        }
      } else if (interpreter_.arguments.find(literal[i]) != std::string_view::npos) {
        from_file_ =
            from_file_ || (interpreter_.text_is_first && (literal[i] == 'f' || literal[i] == 'E'));
        const bool may_be_alone = literal[i] == 'i' || literal[i] == 'x' || literal[i] == 'd';
        if (last && !may_be_alone && next_ < words_.size()) ++next_;
        return;
      } else if (literal[i] == value_mark) {
        return;
      } else if (interpreter_.program.find(literal[i]) != std::string_view::npos) {
        ended_ = true;
        return;
      }
    }
  }

  void is_text(std::size_t index) {
    found_ = true;
    command_word& text = words_[index];
    text.is_text = true;
    if (text.name.empty()) return;
    std::string instead(interpreter_.instead);
    for (auto place = instead.find("NAME"); place != std::string::npos;
         place = instead.find("NAME", place + text.name.size())) {
      instead.replace(place, 4, text.name);
    }
    faults_.push_back(
        fault_at(text, "{" + text.name + "} stands in program text that " +
                           detail::in_quotes(words_[program_].literal) +
                           " runs, so a caller could write any program there: " + instead));
  }

  std::vector<command_word>& words_;
  std::size_t program_, next_ = 0;
  const interpreter& interpreter_;
  std::vector<template_fault>& faults_;
  bool wanted_ = false, found_ = false, from_file_ = false, ended_ = false;
};

}  // namespace

void find_program_text(std::vector<command_word>& words, std::size_t program,
                       const interpreter& known, std::vector<template_fault>& faults) {
  text_finder(words, program, known, faults).run();
}

}  // namespace longhaul::command
