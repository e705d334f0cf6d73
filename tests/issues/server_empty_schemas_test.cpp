// SPDX-License-Identifier: Apache-2.0
// A tool without parameters had no "properties" in its schema, for which some hosts refuse all
// tools of a server.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "longhaul/typed_tool.hpp"
#include "server/catalog.hpp"

namespace bare {

struct args {
  std::map<std::string, bool> flags = {{"a", true}};
};
BOOST_DESCRIBE_STRUCT(args, (), (flags))
struct empty {};
BOOST_DESCRIBE_STRUCT(empty, (), ())
struct holds_empty {
  empty inside;
};
BOOST_DESCRIBE_STRUCT(holds_empty, (), (inside))

}  // namespace bare

namespace longhaul::test {
namespace {

TEST(schemas, of_objects_always_have_properties) {
  const std::string none = R"("properties":{})";
  serving::catalog tools({"s", "1", "", ""});
  const auto schema_of = [&](tool_definition tool) {
    const std::string name = tool.options.name;
    tools.add(std::move(tool));
    return std::string(tools.find(name)->input_schema.view());
  };
  EXPECT_EQ(schema_of(make_tool({.name = "a"}, [] {})),
            R"({"type":"object",)" + none + R"(,"additionalProperties":false})");
  EXPECT_EQ(schema_of(make_tool({.name = "b"}, [](const raw_json&) {})),
            R"({"type":"object",)" + none + "}");
  EXPECT_EQ(
      schema_of(make_tool(
          {.name = "c", .input_schema = raw_json::parse(R"( {"type":"object","title":"T"} )")},
          [](const raw_json&) {})),
      R"({"type":"object","title":"T",)" + none + "}");
  EXPECT_NE(schema_of(make_tool({.name = "d"}, [](const bare::holds_empty&) {}))
                .find(R"("inside":{"type":"object",)" + none),
            std::string::npos);
  EXPECT_NE(schema_of(make_tool({.name = "e"}, [](const bare::args&) {}))
                .find(R"("flags":{"type":"object",)" + none),
            std::string::npos);
}

}  // namespace
}  // namespace longhaul::test
