// SPDX-License-Identifier: Apache-2.0
#include "command/arguments.hpp"

#include <gtest/gtest.h>

#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

using texts = std::vector<std::string>;
using items = std::vector<template_item>;

std::vector<parameter> usual() {
  std::vector<parameter> all(5);
  all[0].name = "file";
  all[1].name = "level";
  all[1].type = value_type::integer;
  all[2].name = "verbose";
  all[2].type = value_type::boolean;
  all[3].name = "paths";
  all[3].repeated = true;
  all[4].name = "others";
  all[4].repeated = true;
  return all;
}

/// The usual parameters that `command` mentions; the others would be faults.
std::vector<parameter> mentioned(const items& command) {
  std::string all;
  for (const template_item& item : command) {
    if (const auto* one = std::get_if<std::string>(&item)) {
      all += *one;
    } else {
      for (const std::string& text : std::get<texts>(item)) all += text;
    }
  }
  std::vector<parameter> result;
  for (parameter& p : usual()) {
    if (all.find("{" + p.name + "}") != std::string::npos ||
        all.find("{" + p.name + "?") != std::string::npos) {
      result.push_back(std::move(p));
    }
  }
  return result;
}

/// The argument vector without the program, or the refusal alone.
texts expanded(const items& command, std::string_view arguments, std::vector<parameter> known) {
  items whole = command;
  whole.insert(whole.begin(), "program");
  const argument_template made(whole, known);
  if (!made.faults().empty()) return {"fault: " + made.faults().front().message};
  try {
    texts all = made.expand(parameter_set(std::move(known)).read(raw_json::parse(arguments)));
    EXPECT_EQ(all.at(0), "program");
    return {all.begin() + 1, all.end()};
  } catch (const invalid_arguments& error) {
    return {std::string("refused: ") + error.what()};
  }
}
texts expanded(const items& command, std::string_view arguments = "{}") {
  return expanded(command, arguments, mentioned(command));
}

/// "item.member: message", one a line.
std::string faults_of(const items& command, const std::vector<parameter>& known = usual(),
                      std::string_view standard_input = {}) {
  const argument_template made(command, known, standard_input);
  std::string all;
  for (const template_fault& fault : made.faults()) {
    all += all.empty() ? "" : "\n";
    if (fault.item) all += std::to_string(*fault.item);
    if (fault.member) all += "." + std::to_string(*fault.member);
    if (fault.standard_input) all += "stdin";
    all += fault.parameter + ": " + fault.message;
  }
  return all;
}
/// The faults of one argument behind the program.
std::string argument_fault(const std::string& argument) {
  const std::string all = faults_of({"program", argument});
  EXPECT_TRUE(all.starts_with("1: ")) << all;
  return all.substr(std::min<std::size_t>(3, all.size()));
}

TEST(arguments, literals_stay_as_they_are) {
  EXPECT_EQ(expanded({"-k", "", "a b", "$HOME", "'*'"}), (texts{"-k", "", "a b", "$HOME", "'*'"}));
  EXPECT_EQ(expanded({"{{print $1}}", "{{}}", "}}{{"}), (texts{"{print $1}", "{}", "}{"}));
}

TEST(arguments, values_are_put_in_place) {
  EXPECT_EQ(expanded({"-T{level}", "{file}"}, R"({"file":"a","level":3})"), (texts{"-T3", "a"}));
  EXPECT_EQ(expanded({"{{{file}}}:{level}"}, R"({"file":"a","level":3})"), (texts{"{a}:3"}));
  EXPECT_EQ(expanded({"{file}"}, R"({"file":""})"), texts{""});
}

TEST(arguments, an_argument_without_its_value_is_left_out) {
  EXPECT_EQ(expanded({"a", "{file}", "--level={level}", "b"}), (texts{"a", "b"}));
  EXPECT_EQ(expanded({"{file}:{level}"}, R"({"file":"a"})"), texts{});
}

TEST(arguments, booleans_are_values_and_conditions) {
  const items command{"{verbose?-v}", "--verbose={verbose}", "x{verbose?y}"};
  EXPECT_EQ(expanded(command, R"({"verbose":true})"), (texts{"-v", "--verbose=true", "xy"}));
  EXPECT_EQ(expanded(command, R"({"verbose":false})"), texts{"--verbose=false"});
  EXPECT_EQ(expanded(command), texts{});
}

TEST(arguments, a_group_appears_whole_or_not_at_all) {
  const items command{texts{"--level", "{level}"}, texts{"{verbose?--log}", "{file}"}};
  EXPECT_EQ(expanded(command, R"({"level":1,"verbose":true,"file":"f"})"),
            (texts{"--level", "1", "--log", "f"}));
  EXPECT_EQ(expanded(command, R"({"verbose":false,"file":"f"})"), texts{});
  EXPECT_EQ(expanded(command, R"({"verbose":true})"), texts{});
}

TEST(arguments, lists_repeat_their_argument_or_group) {
  const items command{"-I{paths}", texts{"-e", "{others}", "{level}"}};
  EXPECT_EQ(expanded(command, R"({"paths":["a","b"],"others":["c","d"],"level":1})"),
            (texts{"-Ia", "-Ib", "-e", "c", "1", "-e", "d", "1"}));
  EXPECT_EQ(expanded(command, R"({"paths":[],"others":["c"]})"), texts{});
  EXPECT_EQ(expanded({"{paths}={paths}"}, R"({"paths":["a","b"]})"), (texts{"a=a", "b=b"}));
}

TEST(arguments, values_are_never_read_again) {
  for (const std::string hostile :
       {R"($(reboot))", R"(`id`)", R"(a; rm -rf /)", R"(a b\tc)", R"(\"'\\)", R"(line\nbreak)",
        R"({file})", R"({{)", R"(})", R"({verbose?x})", R"(%s%n)", R"(*)", R"(~)", R"(é😀)"}) {
    const raw_json json = raw_json::parse('"' + hostile + '"');
    std::string text;
    detail::read_json(detail::node_of<std::string>(), json, &text, "x");
    EXPECT_EQ(expanded({"{file}", "x{file}"}, R"({"file":")" + hostile + R"("})"),
              (texts{text, "x" + text}));
  }
}

/// How an argument is refused that a value made an option.
texts option_refused(const std::string& place, const std::string& argument,
                     const std::string& value) {
  return {"refused: arguments." + place + ": makes the argument \"" + argument +
          "\", which begins with '-', so the program would take it for an option" +
          (value.empty()      ? ""
           : place == "level" ? "; give a number that is not negative"
                              : "; write a path as \"./" + value + "\", other values otherwise") +
          " (allow_option in the server's file permits it)"};
}

TEST(arguments, a_value_must_not_become_an_option) {
  EXPECT_EQ(expanded({"{file}"}, R"({"file":"-rf"})"), option_refused("file", "-rf", "-rf"));
  EXPECT_EQ(expanded({"{file}"}, R"({"file":"-"})"), option_refused("file", "-", "-"));
  EXPECT_EQ(expanded({"{level}"}, R"({"level":-1})"), option_refused("level", "-1", "-1"));
  EXPECT_EQ(expanded({"{paths}"}, R"({"paths":["a","--x"]})"),
            option_refused("paths[1]", "--x", "--x"));
  EXPECT_EQ(expanded({texts{"-e", "{file}"}}, R"({"file":"-x"})"),
            option_refused("file", "-x", "-x"));
}

// The caller was blamed for what the file's author had written.
TEST(arguments, defaults_and_choices_may_begin_with_a_dash) {
  std::vector<parameter> known = mentioned({"{level}", "{file}"});
  known[0].choices = {"-x", "y"};
  known[1].default_value = raw_json::parse("-5");
  EXPECT_EQ(expanded({"{level}", "{file}"}, R"({"file":"-x"})", known), (texts{"-5", "-x"}));
  EXPECT_EQ(expanded({"{level}", "{file}"}, R"({"file":"y","level":-6})", known),
            option_refused("level", "-6", "-6"));
  known[0].choices.clear();
  known[0].default_value = raw_json::parse(R"("")");
  EXPECT_EQ(expanded({"{file}-{level}"}, R"({"level":3})", known),
            option_refused("file", "-3", ""));
}

TEST(arguments, a_number_that_may_be_negative_needs_a_place_where_it_can_be_given) {
  std::vector<parameter> known = mentioned({"{level}"});
  known[0].minimum = -10;
  const std::string fault =
      "1: {level} stands where programs look for options, and its minimum is negative: write "
      "\"--\" before it if the program knows that, or allow_option = true in the parameter";
  EXPECT_EQ(faults_of({"program", "{level}"}, known), fault);
  EXPECT_EQ(faults_of({"program", "{level}", "--"}, known), fault);
  EXPECT_EQ(faults_of({"program", "--", "{level}"}, known), "");
  EXPECT_EQ(faults_of({"program", "--level={level}"}, known), "");
  known[0].allow_option = true;
  EXPECT_EQ(faults_of({"program", "{level}"}, known), "");
}

TEST(arguments, an_empty_value_does_not_hide_the_option_behind_it) {
  EXPECT_EQ(expanded({"{file}{paths}"}, R"({"file":"","paths":["-x"]})"),
            option_refused("paths[0]", "-x", "-x"));
  EXPECT_EQ(expanded({"{file}-{level}"}, R"({"file":"","level":3})"),
            option_refused("file", "-3", ""));
  EXPECT_EQ(expanded({"{file}{verbose?-v}"}, R"({"file":"","verbose":true})"),
            option_refused("file", "-v", ""));
  EXPECT_EQ(expanded({"{file}-{level}"}, R"({"file":"a","level":3})"), texts{"a-3"});
}

TEST(arguments, a_dash_is_harmless_behind_a_literal_or_the_end_of_options) {
  EXPECT_EQ(expanded({"--file={file}", "a{level}"}, R"({"file":"-x","level":-1})"),
            (texts{"--file=-x", "a-1"}));
  EXPECT_EQ(expanded({"--", "{file}"}, R"({"file":"-x"})"), (texts{"--", "-x"}));
  EXPECT_EQ(expanded({texts{"--", "{file}"}}, R"({"file":"-x"})"), (texts{"--", "-x"}));
  EXPECT_EQ(expanded({"--", "a", "{file}"}, R"({"file":"-x"})"), (texts{"--", "a", "-x"}));
  EXPECT_EQ(expanded({"--long", "{file}"}, R"({"file":"-x"})"), option_refused("file", "-x", "-x"));
  EXPECT_EQ(expanded({"{file}", "--"}, R"({"file":"-x"})").at(0).substr(0, 7), "refused");
  EXPECT_EQ(expanded({texts{"--", "{level}"}, "{file}"}, R"({"file":"-x"})").at(0).substr(0, 7),
            "refused")
      << "a group that is left out ends no options";
  EXPECT_EQ(expanded({"{paths}"}, R"({"paths":["--","-x"]})").at(0).substr(0, 7), "refused")
      << "a caller cannot end the options";
}

TEST(arguments, allow_option_lets_a_dash_pass) {
  std::vector<parameter> known = mentioned({"{file}{level}"});
  known[0].allow_option = true;
  EXPECT_EQ(expanded({"{file}{level}"}, R"({"file":"--","level":1})", known), texts{"--1"});
  EXPECT_EQ(expanded({"{level}", "{file}"}, R"({"file":"-x","level":-1})", known),
            option_refused("level", "-1", "-1"));
}

TEST(arguments, what_is_too_long_is_refused) {
  const std::string half(tunables::max_argument_bytes / 2 + 1, 'x');
  EXPECT_EQ(expanded({"{file}{file}"}, R"({"file":")" + half + R"("})"),
            texts{"refused: arguments.file: makes an argument of more than 131071 bytes, which "
                  "cannot be passed to a program"});
  EXPECT_EQ(expanded({"{file}"}, R"({"file":")" + half + R"("})"), texts{half});
  std::string many = R"({"paths":[)";
  for (int i = 0; i < 100'000; ++i) many += i == 0 ? R"("")" : R"(,"")";
  EXPECT_EQ(expanded({"{paths}"}, many + "]}").size(), 100'000U);
  EXPECT_EQ(expanded({"12{paths}"}, many + "]}"),  // 11 bytes each with NUL and pointer
            texts{"refused: arguments: together they make a command line of more than 1048576 "
                  "bytes, which cannot be passed to a program"});
}

TEST(arguments, standard_input_in_an_argument_is_held_to_its_rules) {
  std::vector<parameter> known(1);
  known[0].name = "text";
  const argument_template made({"program", "{text}"}, known, "text");
  ASSERT_TRUE(made.faults().empty());
  EXPECT_THROW((void)made.expand({std::string("a\0b", 3)}), invalid_arguments);
  EXPECT_THROW((void)made.expand({std::string(tunables::max_argument_bytes + 1, 'x')}),
               invalid_arguments);
}

TEST(arguments, unknown_placeholders_are_faults_with_a_suggestion) {
  EXPECT_EQ(argument_fault("{fiel}"), R"(there is no parameter "fiel"; did you mean "file"?)");
  EXPECT_EQ(argument_fault("{Verbose?-v}"),
            R"(there is no parameter "Verbose"; did you mean "verbose"?)");
  EXPECT_EQ(argument_fault("{}"),
            "{} names no parameter; where a brace itself is meant, write {{ or }}");
  EXPECT_EQ(argument_fault("{print $1}"),
            R"(there is no parameter "print $1"; where a brace itself is meant, write {{ or }})");
}

TEST(arguments, unbalanced_braces_are_faults_with_a_hint) {
  const std::string opened = "a '{' without its '}'; where a brace itself is meant, write {{ or }}";
  const std::string closed = "a '}' without its '{'; where a brace itself is meant, write {{ or }}";
  EXPECT_EQ(argument_fault("a{"), opened);
  EXPECT_EQ(argument_fault("{file"), opened);
  EXPECT_EQ(argument_fault("{fi{le}"), opened);
  EXPECT_EQ(argument_fault("{verbose?{{}"), opened);
  EXPECT_EQ(argument_fault("a}"), closed);
  EXPECT_EQ(argument_fault("{file}}"), closed);
}

TEST(arguments, conditions_are_of_booleans_and_write_something) {
  EXPECT_EQ(argument_fault("{file?-f}"),
            R"({file?-f}: only a boolean can be a condition, and "file" is none; write {file} )"
            "for its value");
  EXPECT_EQ(argument_fault("{verbose?}"),
            "{verbose?}: nothing stands behind '?'; write the argument there, as in "
            "{verbose?--verbose}");
  std::vector<parameter> flags(1);
  flags[0] = {.name = "flags", .type = value_type::boolean, .repeated = true};
  EXPECT_EQ(faults_of({"program", "{flags?-v}"}, flags),
            R"(1: {flags?-v}: only a boolean can be a condition, and "flags" is a list; write )"
            "{flags} for its value");
}

TEST(arguments, two_lists_do_not_go_together) {
  const std::string why =
      R"(two lists, "paths" and "others", in one argument or group: it could not be said how they )"
      "go together";
  EXPECT_EQ(argument_fault("{paths}{others}"), why);
  EXPECT_EQ(faults_of({"program", texts{"{paths}", "{others}"}}), "1.1: " + why);
}

TEST(arguments, the_program_is_written_out) {
  const std::string literal =
      "0: the program itself must be written out; a caller cannot choose it by a parameter";
  EXPECT_EQ(faults_of({"{file}"}), literal);
  EXPECT_EQ(faults_of({"x{verbose?y}"}), literal);
  EXPECT_EQ(faults_of({texts{"program"}}),
            "0: the first item is the program itself; a group cannot stand there");
  EXPECT_EQ(faults_of({""}), "0: the program's name is empty");
  EXPECT_EQ(faults_of({}), R"(: is empty; its first item is the program, as in ["xz", "-k"])");
}

TEST(arguments, empty_groups_and_nul_are_faults) {
  EXPECT_EQ(faults_of({"program", texts{}}),
            "1: the group is empty: write arguments into it or leave it out");
  EXPECT_EQ(faults_of({"program", texts{"a", std::string("b\0", 2)}}),
            "1.1: holds a NUL character, which cannot be passed to a program");
}

TEST(arguments, every_fault_is_noted) {
  EXPECT_EQ(faults_of({"{file}", "{x1}", "a", texts{"b", "c}", "{verbose?}"}}),
            "0: the program itself must be written out; a caller cannot choose it by a parameter\n"
            R"(1: there is no parameter "x1"; there is one of "file", "level", "verbose", )"
            "\"paths\", \"others\"\n"
            "3.1: a '}' without its '{'; where a brace itself is meant, write {{ or }}\n"
            "3.2: {verbose?}: nothing stands behind '?'; write the argument there, as in "
            "{verbose?--verbose}");
}

TEST(arguments, a_parameter_must_be_used) {
  std::vector<parameter> two(2);
  two[0].name = "file";
  two[1].name = "text";
  const std::string unused =
      "text: is used nowhere in the command: write {text} there or leave the parameter out";
  EXPECT_EQ(faults_of({"program", "{file}"}, two), unused);
  EXPECT_EQ(faults_of({"program", "{file}"}, two, "text"), "");
  EXPECT_EQ(faults_of({"program", "{file}", "{{text}}"}, two), unused);
}

TEST(arguments, standard_input_is_a_single_parameter) {
  std::vector<parameter> known(1);
  known[0].name = "text";
  EXPECT_EQ(faults_of({"program", "{text}"}, known, "txt"),
            R"(stdin: there is no parameter "txt"; did you mean "text"?)");
  known[0].repeated = true;
  EXPECT_EQ(faults_of({"program"}, known, "text"),
            R"(stdin: "text" is a list; standard input takes a single value)");
}

}  // namespace
}  // namespace longhaul::command
