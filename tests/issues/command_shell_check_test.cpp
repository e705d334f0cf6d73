// SPDX-License-Identifier: Apache-2.0
// A newcomer wrote command = ["sh", "-c", "echo hello {who}"]; --check said nothing, and `who`
// could be `; rm -rf ~`. Others wrote *.txt, ~/, $HOME and > as in a shell, and wondered. The first
// is a fault for every interpreter, however it is started; the others are warnings.
#include <gtest/gtest.h>

#include "command/shell_check.hpp"

namespace longhaul::command {
namespace {

using group = std::vector<std::string>;

std::string shell_faults(const std::vector<template_item>& command) {
  std::string all;
  for (const auto& fault : check_for_shell(command).faults) {
    all += std::to_string(*fault.item) + (fault.member ? "." + std::to_string(*fault.member) : "") +
           ": " + fault.message + "\n";
  }
  return all;
}

std::string warnings_of(const std::vector<template_item>& command) {
  std::string all;
  for (const auto& warning : check_for_shell(command).warnings) {
    all += std::to_string(*warning.item) + ": " + warning.message + "\n";
  }
  return all;
}

TEST(shell_check, a_parameter_in_program_text_is_a_fault_that_teaches) {
  EXPECT_EQ(shell_faults({"sh", "-c", "echo hello {who}"}),
            "2: {who} stands in program text that \"sh\" runs, so a caller could write any program "
            "there: write \"$1\" in the text, and the value behind it: [\"sh\", \"-c\", \"… "
            "\\\"$1\\\"\", "
            "\"sh\", \"{who}\"]\n");
  EXPECT_EQ(shell_faults({"python3", "-c", "print({x})"}),
            "2: {x} stands in program text that \"python3\" runs, so a caller could write any "
            "program there: write sys.argv[1] in the text, and \"{x}\" behind it\n");
}

TEST(shell_check, finds_it_in_every_interpreter_however_it_is_started) {
  const std::vector<std::vector<template_item>> table = {
      {"bash", "-c", "{x}"},
      {"/bin/sh", "-c", "a {x}"},
      {"dash", "-ec", "a {x}"},
      {"bash", "-lc", "a {x}"},
      {"bash", "-c", "-e", "a {x}"},
      {"bash", "-euo", "pipefail", "-c", "a {x}"},
      {"bash", "--norc", "-c", "a {x}"},
      {"zsh", "-c", "--", "a {x}"},
      {"ksh", group{"-c", "a {x}"}},
      {"fish", "--command=a {x}"},
      {"fish", "--command", "a {x}"},
      {"busybox", "sh", "-c", "a {x}"},
      {"env", "sh", "-c", "a {x}"},
      {"env", "A=1", "-i", "bash", "-c", "a {x}"},
      {"env", "-S", "sh -c {x}"},
      {"nice", "-n", "5", "sh", "-c", "a {x}"},
      {"timeout", "10", "bash", "-c", "a {x}"},
      {"sudo", "-u", "me", "sh", "-c", "a {x}"},
      {"xargs", "-n1", "sh", "-c", "a {x}"},
      {"find", ".", "-exec", "sh", "-c", "a {x}", ";"},
      {"docker", "exec", "box", "sh", "-c", "a {x}"},
      {"su", "me", "-c", "a {x}"},
      {"flock", "file", "-c", "a {x}"},
      {"script", "-qc", "a {x}", "/dev/null"},
      {"python", "-c{x}"},
      {"python3.11", "-Iuc", "a {x}"},
      {"python3", "-W", "ignore", "-c", "a {x}"},
      {"perl", "-e", "a {x}"},
      {"perl", "-E", "a {x}"},
      {"perl", "-lane", "a {x}"},
      {"perl", "-0777", "-pe", "s/a/{x}/"},
      {"perl", "-i", "-pe", "s/a/{x}/", "file"},
      {"perl", "-e", "a", "-e", "b {x}"},
      {"ruby", "-ne", "a {x}"},
      {"node", "-e", "a {x}"},
      {"nodejs", "-p", "{x}"},
      {"node", "-pe", "{x}"},
      {"node", "--eval", "a {x}"},
      {"node", "--print={x}"},
      {"deno", "eval", "a {x}"},
      {"php", "-r", "a {x};"},
      {"lua5.4", "-e", "a {x}"},
      {"awk", "{{ print {x} }}", "file"},
      {"gawk", "-F", ",", "-v", "a=1", "$1 == {x}", "file"},
      {"Rscript", "-e", "a {x}"},
      {"pwsh", "-Command", "a {x}"},
      // Behind a long option whose argument is the next word.
      {"bash", "--rcfile", "/dev/null", "-c", "echo {x}"},
      {"python3", "--check-hash-based-pycs", "always", "-c", "print('{x}')"},
      {"node", "--require", "m", "-e", "{x}"},
      {"uv", "run", "python", "-c", "{x}"},
      {"flock", "/tmp/l", "-c", "{x}"},
      {"flock", "-w", "5", "/tmp/l", "--command", "{x}"},
  };
  for (const auto& command : table) {
    std::string shown;
    for (const auto& item : command) {
      if (const auto* text = std::get_if<std::string>(&item)) shown += *text + " ";
    }
    EXPECT_NE(shell_faults(command), "") << shown;
  }
}

TEST(shell_check, takes_values_that_stand_elsewhere) {
  const std::vector<std::vector<template_item>> table = {
      {"sh", "-c", "echo \"$1\"", "sh", "{x}"},
      {"sh", "-c", "echo {loud?-v} a"},  // its author's own words
      {"bash", "script.sh", "-c", "{x}"},
      {"bash", "{x}"},
      {"sh", "-e", "script", "{x}"},
      {"python3", "-c", "import sys", "{x}"},
      {"python3", "-m", "module", "-c", "{x}"},
      {"python3", "script.py", "-c", "{x}"},
      {"perl", "-ne", "print", "{x}"},
      {"perl", "script.pl", "-e", "{x}"},
      {"perl", "-I", "lib", "script.pl", "-e", "{x}"},
      {"node", "script.js", "-e", "{x}"},
      {"awk", "-v", "x={x}", "{{ print x }}", "{file}"},
      {"awk", "-f", "script", "{file}"},
      {"awk", "-F{x}", "{{ print }}"},
      {"grep", "-e", "{x}", "--", "{file}"},
      {"grep", "sh", "-c", "{x}"},
      {"env", "A={x}", "ls", "{y}"},
      {"nice", "ls", "-c", "{x}"},
      {"sort", "-c", "{x}"},
      {"flock", "/tmp/l", "gzip", "-c", "{x}"},  // an option of gzip
      {"gawk", "--file=s.awk", "{f}"},
  };
  for (const auto& command : table) EXPECT_EQ(shell_faults(command), "");
}

TEST(shell_check, what_only_a_shell_would_understand_is_a_warning) {
  for (const char* text :
       {"*.txt",  "src/*", "~/x", "~",    "--file=~/x",  "$HOME",  "${{HOME}}/x", "$(date)",
        "`date`", ">",     ">>",  "2>&1", "2>/dev/null", ">out",   "|",           "&&",
        "||",     ";",     "&",   "<",    "a | b",       "a && b", "a > b",       "ls;"}) {
    EXPECT_NE(warnings_of({"ls", text}), "") << text;
  }
  for (const char* text : {"a.txt", "a~", "a$", "$1", "5%", "a;b", "a|b", "a>b", "->", "=>",
                           "x=a*b+(c)", "--exclude=*.o", "100&50", "Is it? *yes*!", "a.*b", "-l"}) {
    EXPECT_EQ(warnings_of({"echo", text}), "") << text;
  }
  EXPECT_EQ(warnings_of({"find", "{d}", "-name", "*.txt", "-exec", "ls", "{{}}", ";"}), "");
  EXPECT_EQ(warnings_of({"sed", "-n", "$p", "{f}"}), "");
  EXPECT_EQ(warnings_of({"sh", "-c", "ls *.txt | sort > \"$HOME/x\"", "sh", "{d}"}), "");
  EXPECT_EQ(warnings_of({"xz", "-k {file}"}),
            "1: \"-k {file}\" is one argument, its blank included: write \"-k\", \"{file}\" in its "
            "place\n");
  EXPECT_NE(warnings_of({"ssh", "host", "ls", "{d}"}), "") << "a shell on the other side";
}

TEST(shell_check, survives_templates_that_are_wrong) {
  for (const char* text : {"{", "}", "{}", "{a", "a{b{c", "{?}", "", "{{", "-"}) {
    (void)check_for_shell({text});
    (void)check_for_shell({"sh", "-c", text});
    (void)check_for_shell({text, text});
  }
  EXPECT_EQ(shell_faults({}), "");
}

}  // namespace
}  // namespace longhaul::command
