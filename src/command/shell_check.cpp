// SPDX-License-Identifier: Apache-2.0
#include "command/shell_check.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "typed/rules.hpp"

namespace longhaul::command {
namespace {

// Stands for a value in the literal text of an argument.
constexpr char value_mark = '\x01';

/// An argument of the command, wherever it stands.
struct word {
  std::size_t item = 0;
  std::optional<std::size_t> member = std::nullopt;
  std::string written = {};  ///< as in the file
  std::string literal = {};  ///< with `value_mark` for each value
  std::string name = {};     ///< of the first parameter whose value is put in; empty: none
  bool is_text = false;      ///< an interpreter's program text

  bool is_option() const { return literal.size() > 1 && literal.front() == '-'; }
};

/// An interpreter, and where its program text stands.
struct interpreter {
  std::string_view names;         ///< blanks around each
  std::string_view text;          ///< letters whose argument is the text, behind them or next
  std::string_view words;         ///< the same as long options (or verbs), blanks around each
  std::string_view arguments;     ///< letters that take another argument, behind them or next
  std::string_view program = {};  ///< letters behind which a program of its own follows
  bool text_attached = true;      ///< `-eTEXT` is possible
  bool text_is_first = false;  ///< without those, the first argument that is no option is the text
  bool anywhere = false;       ///< options may stand behind other arguments
  std::string_view instead;    ///< how a value is passed instead
  std::string_view long_arguments = {};  ///< long options whose argument is the next word
  bool behind_first = false;  ///< the text option stands behind the first argument, or nowhere
};

constexpr std::string_view shell_way =
    R"(write "$1" in the text, and the value behind it: ["sh", "-c", "… \"$1\"", "sh", "{NAME}"])";

constexpr std::array<interpreter, 17> interpreters{{
    {.names = " sh bash dash ash zsh ksh mksh rbash csh tcsh fish posh yash ",
     .text = "c",
     .words = " --command ",
     .arguments = "oO",
     .text_attached = false,
     .instead = shell_way,
     .long_arguments = " --rcfile --init-file --init-command "},
    {.names = " flock ",
     .text = "",
     .words = "",
     .arguments = "wE",
     .instead = "start the program without it, as an argument vector",
     .long_arguments = " --timeout --wait --conflict-exit-code ",
     .behind_first = true},
    {.names = " su runuser script ",
     .text = "c",
     .words = " --command --session-command ",
     .arguments = "",
     .anywhere = true,
     .instead = "start the program without it, as an argument vector"},
    {.names = " env ",
     .text = "S",
     .words = " --split-string ",
     .arguments = "uC",
     .instead = "write the arguments as items of their own, without -S"},
    {.names = " python pypy ",
     .text = "c",
     .words = "",
     .arguments = "WX",
     .program = "m",
     .instead = R"(write sys.argv[1] in the text, and "{NAME}" behind it)",
     .long_arguments = " --check-hash-based-pycs "},
    {.names = " perl ",
     .text = "eE",
     .words = "",
     .arguments = "IMmFxidDCV",
     .instead = R"(write $ARGV[0] in the text, and "{NAME}" behind it)"},
    {.names = " ruby jruby ",
     .text = "e",
     .words = "",
     .arguments = "IrCEFKTxWi",
     .instead = R"(write ARGV[0] in the text, and "{NAME}" behind it)",
     .long_arguments = " --encoding --external-encoding --internal-encoding "},
    {.names = " node nodejs bun ",
     .text = "ep",
     .words = " --eval --print ",
     .arguments = "rC",
     .instead = R"(write process.argv[1] in the text, and "{NAME}" behind it)",
     .long_arguments =
         " --require --import --loader --experimental-loader --input-type --conditions "
         "--env-file --preload "},
    {.names = " deno ",
     .text = "",
     .words = " eval ",
     .arguments = "",
     .instead = R"(write Deno.args[0] in the text, and "{NAME}" behind it)"},
    {.names = " php ",
     .text = "rBRE",
     .words = " --run --process-begin --process-code --process-end ",
     .arguments = "cdfFtzS",
     .instead = R"(write $argv[1] in the text, and "--", "{NAME}" behind it)"},
    {.names = " lua luajit ",
     .text = "e",
     .words = "",
     .arguments = "l",
     .instead = R"(write a script, and "{NAME}" behind it: it is arg[1])"},
    {.names = " awk gawk mawk nawk original-awk ",
     .text = "e",
     .words = " --source ",
     .arguments = "FvfilEW",
     .text_is_first = true,
     .instead = R"(write "-v", "NAME={NAME}" before the text, and NAME in it)"},
    {.names = " R Rscript ",
     .text = "e",
     .words = "",
     .arguments = "fg",
     .instead = R"(write commandArgs(TRUE)[1] in the text, and "{NAME}" behind it)"},
    {.names = " julia elixir ghc groovy racket scala osascript ",
     .text = "eE",
     .words = " --eval --print ",
     .arguments = "",
     .instead = R"(write a script, and "{NAME}" behind it)"},
    {.names = " guile expect tclsh ",
     .text = "c",
     .words = "",
     .arguments = "l",
     .instead = R"(write a script, and "{NAME}" behind it)"},
    {.names = " pwsh powershell ",
     .text = "c",
     .words = " -Command -command ",
     .arguments = "",
     .instead = R"(write a script, and "-File", "SCRIPT", "{NAME}")"},
    {.names = " erl ",
     .text = "",
     .words = " -eval ",
     .arguments = "",
     .instead = R"(write a script, and "-extra", "{NAME}" behind it)"},
}};

// Programs that start the program that their arguments name.
constexpr std::string_view wrappers =
    " env nice ionice timeout sudo doas xargs nohup setsid stdbuf time chrt taskset unshare "
    "nsenter "
    "chroot runuser su flock find parallel busybox toybox docker podman kubectl systemd-run "
    "firejail "
    "bwrap strace ltrace gdb valgrind unbuffer script ssh watch exec command rlwrap catchsegv "
    "faketime torsocks proxychains nix-shell tini dumb-init catatonit prlimit cgexec numactl perf "
    "uv poetry pipenv pdm rye hatch conda mamba micromamba npx pnpm bundle nix direnv mise asdf ";

// Programs whose arguments are a language of their own, in which the same characters mean
// something.
constexpr std::string_view languages =
    " sed jq yq gojq grep egrep fgrep pgrep pkill rg ag awk gawk mawk nawk envsubst sqlite3 psql "
    "mysql "
    "bc dc expr test [ gnuplot ffmpeg ffprobe find git printf ";

bool holds(std::string_view names, std::string_view name) {
  return !name.empty() && names.find(" " + std::string(name) + " ") != std::string_view::npos;
}

// The program that a word names: `/usr/bin/python3.11` is python.
std::string program_of(const word& w) {
  if (w.literal.find(value_mark) != std::string::npos) return {};
  std::string name = w.literal.substr(w.literal.rfind('/') + 1);
  const std::size_t letters = name.find_last_not_of("0123456789.-");
  const std::string plain = letters == std::string::npos ? name : name.substr(0, letters + 1);
  return plain.empty() ? name : plain;
}

const interpreter* interpreter_of(const word& w) {
  const std::string name = program_of(w);
  const auto found = std::ranges::find_if(
      interpreters, [&](const interpreter& one) { return holds(one.names, name); });
  return found != interpreters.end() ? &*found : nullptr;
}

// Reads the placeholders of a template's text. What is wrong with them is said elsewhere.
word word_of(std::string_view text) {
  word made;
  made.written = text;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    made.literal += text.substr(0, brace);
    text.remove_prefix(brace);
    if (text.empty()) break;
    if (text.size() >= 2 && text[0] == text[1]) {
      made.literal += text[0];
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = std::min(text.find('}'), text.size() - 1);
    const std::string_view inside = text.substr(1, std::max<std::size_t>(end, 1) - 1);
    const std::size_t mark = inside.find('?');
    if (mark != std::string_view::npos) {
      made.literal += inside.substr(mark + 1);  // its author's own words
    } else {
      made.literal += value_mark;
      if (made.name.empty()) made.name = inside;
    }
    text.remove_prefix(end + 1);
  }
  return made;
}

std::vector<word> words_of(const std::vector<template_item>& command) {
  std::vector<word> all;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const auto add = [&](const std::string& text, std::optional<std::size_t> member) {
      all.push_back(word_of(text));
      all.back().item = i;
      all.back().member = member;
    };
    if (const auto* one = std::get_if<std::string>(&command[i])) {
      add(*one, std::nullopt);
      continue;
    }
    const auto& group = std::get<std::vector<std::string>>(command[i]);
    for (std::size_t m = 0; m < group.size(); ++m) add(group[m], m);
  }
  return all;
}

template_fault at(const word& w, std::string message) {
  return {.item = w.item, .member = w.member, .message = std::move(message)};
}

/// Looks through the arguments of one interpreter.
class text_finder {
 public:
  text_finder(std::vector<word>& words, std::size_t program, const interpreter& which,
              std::vector<template_fault>& faults)
      : words_(words), program_(program), which_(which), faults_(faults) {}

  void run() {
    for (next_ = program_ + 1; next_ < words_.size() && !ended_;) {
      const std::string& literal = words_[next_].literal;
      if (literal == "--") {
        ++next_;
        break;
      }
      if (holds(which_.words, literal.substr(0, literal.find('=')))) {
        long_option(literal);
      } else if (words_[next_].is_option() || literal.starts_with('+')) {
        short_options(literal);
      } else if (which_.anywhere) {
        ++next_;
      } else if (which_.behind_first) {
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
    const bool wants_first = wanted_ || (which_.text_is_first && !found_ && !from_file_);
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
      if (holds(which_.long_arguments, literal) && next_ < words_.size()) ++next_;
      if (which_.text_is_first && literal.starts_with("--file=")) from_file_ = true;
      return;
    }
    for (std::size_t i = 1; i < literal.size(); ++i) {
      const bool last = i + 1 == literal.size();
      if (which_.text.find(literal[i]) != std::string_view::npos) {
        if (!which_.text_attached) {
          wanted_ = true;  // the first argument that is no option
        } else if (!last) {
          // Letters that go together, as `node -pe`, or the text itself.
          if (which_.text.find(literal[i + 1]) != std::string_view::npos && i + 2 == literal.size())
            continue;
          return is_text(here);
        } else if (next_ < words_.size()) {
          is_text(next_++);
        }
      } else if (which_.arguments.find(literal[i]) != std::string_view::npos) {
        from_file_ =
            from_file_ || (which_.text_is_first && (literal[i] == 'f' || literal[i] == 'E'));
        const bool may_be_alone = literal[i] == 'i' || literal[i] == 'x' || literal[i] == 'd';
        if (last && !may_be_alone && next_ < words_.size()) ++next_;
        return;
      } else if (literal[i] == value_mark) {
        return;
      } else if (which_.program.find(literal[i]) != std::string_view::npos) {
        ended_ = true;
        return;
      }
    }
  }

  void is_text(std::size_t index) {
    found_ = true;
    word& text = words_[index];
    text.is_text = true;
    if (text.name.empty()) return;
    std::string instead(which_.instead);
    for (auto place = instead.find("NAME"); place != std::string::npos;
         place = instead.find("NAME", place + text.name.size())) {
      instead.replace(place, 4, text.name);
    }
    faults_.push_back(at(text, "{" + text.name + "} stands in program text that " +
                                   detail::in_quotes(words_[program_].literal) +
                                   " runs, so a caller could write any program there: " + instead));
  }

  std::vector<word>& words_;
  std::size_t program_, next_ = 0;
  const interpreter& which_;
  std::vector<template_fault>& faults_;
  bool wanted_ = false, found_ = false, from_file_ = false, ended_ = false;
};

/// What only a shell would understand.
class shell_words {
 public:
  shell_words(const std::vector<word>& words, std::vector<template_fault>& warnings)
      : words_(words), warnings_(warnings) {}

  void run() {
    const std::string program = program_of(words_.front());
    const bool own_language = holds(languages, program);
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (!words_[i].is_text) look_at(words_[i], words_[i - 1], own_language);
    }
    if (program == "ssh" || program == "watch") joined(program);
  }

 private:
  void warn(const word& w, const std::string& what) {
    warnings_.push_back(at(w, detail::in_quotes(w.written) + " " + what));
  }

  void look_at(const word& w, const word& before, bool own_language) {
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

  const std::vector<word>& words_;
  std::vector<template_fault>& warnings_;
};

}  // namespace

shell_findings check_for_shell(const std::vector<template_item>& command) {
  shell_findings found;
  std::vector<word> words = words_of(command);
  if (words.empty()) return found;
  const bool starts_others = holds(wrappers, program_of(words.front()));
  for (std::size_t i = 0; i < words.size() && (i == 0 || starts_others); ++i) {
    if (words[i].is_text) continue;
    if (const interpreter* which = interpreter_of(words[i])) {
      text_finder(words, i, *which, found.faults).run();
    }
  }
  shell_words(words, found.warnings).run();
  return found;
}

std::string as_separate_items(std::string_view line) {
  std::string made;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) break;
    const std::string_view part = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(part.size());
    made += (made.empty() ? "" : ", ") + detail::in_quotes(part);
  }
  return made;
}

}  // namespace longhaul::command
