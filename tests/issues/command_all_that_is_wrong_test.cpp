// SPDX-License-Identifier: Apache-2.0
// As unit_all_that_is_wrong_test.cpp, for programs: all wrong arguments are told at once, an enum
// may be one of numbers, and a tool without parameters has "properties", too.
#include <gtest/gtest.h>

#include "command/arguments.hpp"
#include "command/check_parameter.hpp"
#include "command/parameter.hpp"

namespace longhaul::command {
namespace {

parameter of_type(const char* name, value_type type) {
  parameter p;
  p.name = name;
  p.type = type;
  return p;
}

template <class Read>
std::string refusal(const Read& read) {
  try {
    read();
    return "accepted";
  } catch (const invalid_arguments& e) {
    return e.what();
  }
}

TEST(wrong_program_arguments, are_told_all_at_once) {
  parameter list = of_type("list", value_type::integer);
  list.repeated = true;
  parameter needed = of_type("needed", value_type::string);
  needed.required = true;
  const parameter_set set(
      {of_type("count", value_type::integer), of_type("loud", value_type::boolean), list, needed});
  EXPECT_EQ(refusal([&] {
              (void)set.read(raw_json::parse(
                  R"({"count":"x","loud":3,"list":[1,"a",2,"b"],"othr":1,"count":2})"));
            }),
            "arguments.count: expected an integer, got \"x\"\n"
            "arguments.loud: expected true or false, got 3\n"
            "arguments.list[1]: expected an integer, got \"a\"\n"
            "arguments.list[3]: expected an integer, got \"b\"\n"
            "arguments: unknown member \"othr\"; there is one of \"count\", \"loud\", \"list\", "
            "\"needed\"\n"
            "arguments: member \"count\" is there twice\n"
            "arguments: missing member \"needed\"");
}

TEST(wrong_program_arguments, that_would_pass_for_options_are_told_together) {
  const std::vector<parameter> two = {of_type("a", value_type::string),
                                      of_type("b", value_type::string)};
  const argument_template made({"ls", "{a}", "{b}"}, two);
  const std::string said = refusal([&] { (void)made.expand({"-x", "--y"}); });
  EXPECT_NE(said.find("arguments.a: makes the argument \"-x\""), std::string::npos) << said;
  EXPECT_NE(said.find("\narguments.b: makes the argument \"--y\""), std::string::npos) << said;
}

TEST(program_schemas, may_choose_among_numbers) {
  parameter level = of_type("level", value_type::integer);
  level.numbers = {1, 2, -3};
  parameter scale = of_type("scale", value_type::number);
  scale.numbers = {0.5, 1};
  const parameter_set set({level, scale});
  EXPECT_EQ(set.input_schema().view(),
            R"({"type":"object","properties":{"level":{"type":"integer","enum":[1,2,-3]},)"
            R"("scale":{"type":"number","enum":[0.5,1]}},"additionalProperties":false})");
  EXPECT_EQ(std::get<std::string>(set.read(raw_json::parse(R"({"level":2.0})"))[0]), "2");
  EXPECT_EQ(refusal([&] { (void)set.read(raw_json::parse(R"({"level":4,"scale":2})")); }),
            "arguments.level: expected one of 1, 2, -3, got 4\n"
            "arguments.scale: expected one of 0.5, 1, got 2");
  // What the author wrote may begin with '-'.
  const argument_template made({"nice", "{level}"}, {level});
  EXPECT_EQ(made.expand({"-3"}).back(), "-3");
}

TEST(program_schemas, choices_fit_their_type) {
  const auto fault = [](parameter p) {
    const auto all = check_parameter(p);
    return all.empty() ? "" : all.front().keyword + " " + all.front().message;
  };
  parameter p = of_type("p", value_type::integer);
  p.numbers = {1, 1};
  EXPECT_EQ(fault(p), "enum 1 is there twice");
  p.numbers = {1.5};
  EXPECT_EQ(fault(p), "enum 1.5 is no integer");
  p.numbers = {9};
  p.maximum = 5;
  EXPECT_EQ(fault(p), "enum 9 is outside of minimum and maximum");
  parameter text = of_type("t", value_type::string);
  text.numbers = {1};
  EXPECT_EQ(fault(text), "enum holds numbers; this parameter takes strings");
}

}  // namespace
}  // namespace longhaul::command
