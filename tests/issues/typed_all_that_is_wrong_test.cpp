// SPDX-License-Identifier: Apache-2.0
// What newcomers, models and a hostile tester met in checks of arguments: only the first wrong
// argument was told, so that a model needed a call for each; every `int` showed the bounds of its
// type; and 300,000 items against an enum of 500 took a second.
#include <gtest/gtest.h>

#include <map>

#include "longhaul/typed_tool.hpp"

namespace wrong {

struct point {
  int x = 0;
  int y = 0;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))
struct args {
  std::string name;
  int count = 1;
  std::vector<int> sizes = {1};
  std::map<std::string, bool> flags = {{"a", true}};
  std::vector<point> points = {{}};
  std::uint32_t seed = 1;
};
BOOST_DESCRIBE_STRUCT(args, (), (name, count, sizes, flags, points, seed))
struct choosing {
  std::vector<std::string> all;
};
BOOST_DESCRIBE_STRUCT(choosing, (), (all))

}  // namespace wrong

namespace longhaul::test {
namespace {

template <class T>
std::string refusal(const std::string& json, const std::vector<field_options>& fields = {}) {
  try {
    (void)from_json<T>(raw_json::parse(json), fields, "arguments");
    return "accepted";
  } catch (const invalid_arguments& e) {
    return e.what();
  }
}

TEST(wrong_arguments, are_told_all_at_once_at_every_depth) {
  EXPECT_EQ(refusal<wrong::args>(R"({"count":"x","sizes":[1,"b",2,null],"flags":{"a":1,"b":true},)"
                                 R"("points":[{"x":1,"y":"y"},{"z":1,"x":2,"y":3}],"more":1})"),
            "arguments.count: expected an integer, got \"x\"\n"
            "arguments.sizes[1]: expected an integer, got \"b\"\n"
            "arguments.sizes[3]: expected an integer, got null\n"
            "arguments.flags.a: expected true or false, got 1\n"
            "arguments.points[0].y: expected an integer, got \"y\"\n"
            "arguments.points[1]: unknown member \"z\"; did you mean \"x\"?\n"
            "arguments: unknown member \"more\"; there is one of \"name\", \"count\", \"sizes\", "
            "\"flags\", \"points\", \"seed\"\n"
            "arguments: missing member \"name\"");
}

TEST(wrong_arguments, are_ten_at_most) {
  std::string many = "[null";
  for (int i = 0; i < 300'000; ++i) many += ",null";
  const std::string said = refusal<wrong::args>(R"({"sizes":)" + many + "]}");
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 10);
  EXPECT_TRUE(
      said.ends_with("arguments.sizes[9]: expected an integer, got null\n… and maybe more"));
}

TEST(wrong_arguments, beyond_the_bounds_of_a_type_are_told_those) {
  EXPECT_EQ(refusal<wrong::args>(R"({"name":"n","count":3000000000,"seed":5000000000})"),
            "arguments.count: expected an integer between -2147483648 and 2147483647, got "
            "3000000000\narguments.seed: expected an integer between 0 and 4294967295, got "
            "5000000000");
  EXPECT_EQ(refusal<wrong::args>(R"({"name":"n","seed":-1})"),
            "arguments.seed: expected an integer of at least 0, got -1");
}

TEST(schemas, show_bounds_only_where_somebody_chose_them) {
  const auto schema = [](const std::vector<field_options>& fields) {
    return std::string(detail::typed_schema(detail::node_of<wrong::args>(), fields).text().view());
  };
  EXPECT_NE(schema({}).find(R"("count":{"type":"integer","default":1})"), std::string::npos);
  EXPECT_NE(schema({field("count").range(1, 5)}).find(R"("minimum":1,"maximum":5)"),
            std::string::npos);
  EXPECT_EQ(schema({field("count").header("Count")}).find("minimum"),
            schema({}).find("minimum") + std::string_view(R"(,"x-mcp-header":"Count")").size());
}

TEST(choices, that_are_many_are_looked_up_and_few_of_them_are_listed) {
  std::vector<choice> all;
  for (int i = 0; i < 500; ++i) all.push_back({"value" + std::to_string(i), ""});
  const std::vector<field_options> fields = {field("all").choices(all)};
  const std::string said =
      refusal<wrong::choosing>(R"({"all":["value1","nope","value499"]})", fields);
  EXPECT_TRUE(said.starts_with("arguments.all[1]: expected one of \"value0\", \"value1\", "))
      << said;
  EXPECT_NE(said.find("\"value19\", …, got \"nope\""), std::string::npos) << said;
  EXPECT_LT(said.size(), 500U);
}

}  // namespace
}  // namespace longhaul::test
