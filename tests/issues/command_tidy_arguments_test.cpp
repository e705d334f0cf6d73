// SPDX-License-Identifier: Apache-2.0
// As run_tidy_arguments_test.cpp, for the parameters of programs: a program's tool is not stricter
// than a tool in C++.
#include <gtest/gtest.h>

#include "command/parameter.hpp"

namespace longhaul::command {
namespace {

parameter parameter_of(const char* name, value_type type, bool repeated = false) {
  parameter p;
  p.name = name;
  p.type = type;
  p.repeated = repeated;
  return p;
}

TEST(tidied_program_arguments, are_those_of_typed_structs) {
  const parameter_set set(
      {parameter_of("text", value_type::string), parameter_of("count", value_type::integer),
       parameter_of("scale", value_type::number), parameter_of("loud", value_type::boolean),
       parameter_of("files", value_type::string, true),
       parameter_of("sizes", value_type::integer, true)});
  const auto tidied = [&](const char* given, bool strict = false) {
    return std::string(set.tidy(raw_json::parse(given), {{"sessionId", "text"}, strict}).view());
  };
  EXPECT_EQ(tidied(R"({"count":"5","scale":"1.5","loud":"false","files":"[\"a\"]","sizes":["1"]})"),
            R"({"count":5,"scale":1.5,"loud":false,"files":["a"],"sizes":[1]})");
  EXPECT_EQ(tidied(R"({"text":"5","sessionId":"x","other":"5"})"), R"({"text":"5","other":"5"})")
      << "a declared name is kept, though it is in the list";
  EXPECT_EQ(tidied(R"({"count":"5x","loud":"True","files":"a"})"),
            R"({"count":"5x","loud":"True","files":"a"})");
  EXPECT_EQ(tidied(R"({"count":"5","sessionId":"x"})", true), R"({"count":"5"})");
}

}  // namespace
}  // namespace longhaul::command
