// SPDX-License-Identifier: Apache-2.0
// A pattern that RE2 reads and ECMA-262 does not, `(?i)^a$` say, was published in a schema; hosts
// compile what they are given, and dropped the whole server for it. Such a pattern is refused now
// wherever a schema comes from, before anybody sees it.
#include <gtest/gtest.h>

#include "longhaul/elicitation.hpp"
#include "longhaul/typed_tool.hpp"

namespace patterned {

struct args {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(args, (), (name))

}  // namespace patterned

namespace longhaul::test {
namespace {

template <class Make>
std::string refusal(const Make& make) {
  try {
    make();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

const std::string said =
    "'(?i)', which not every host reads alike: there are no flags; write both cases, as in [Aa]";

TEST(patterns_of_hosts, fields_are_checked_in_tools_and_forms) {
  const std::vector<field_options> fields = {field("name").pattern("(?i)^a$")};
  const std::string wanted = "field \"name\": pattern: it holds " + said;
  EXPECT_EQ(
      refusal([&] { make_tool({.name = "t", .fields = fields}, [](const patterned::args&) {}); }),
      wanted);
  EXPECT_EQ(refusal([&] { (void)elicitation::form<patterned::args>("?", fields); }), wanted);
}

std::string input(const std::string& schema) {
  return refusal([&] {
    make_tool({.name = "t", .input_schema = raw_json::parse(schema)}, [](const raw_json&) {});
  });
}

TEST(patterns_of_hosts, schemas_written_by_hand_are_checked_at_every_depth) {
  const std::string bad = R"j({"type":"string","pattern":"(?i)a"})j";
  const auto object = [](const std::string& more) { return R"({"type":"object",)" + more + "}"; };
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"("properties":{"a":)" + bad + "}", "properties.a.pattern"},
      {R"("properties":{"a":{"items":)" + bad + "}}", "properties.a.items.pattern"},
      {R"("properties":{"a":{"anyOf":[{"type":"null"},)" + bad + "]}}",
       "properties.a.anyOf.pattern"},
      {R"("properties":{"o":{"properties":{"pattern":)" + bad + "}}}",
       "properties.o.properties.pattern.pattern"},
      {R"("additionalProperties":)" + bad, "additionalProperties.pattern"},
      {R"("propertyNames":)" + bad, "propertyNames.pattern"},
      {R"j("patternProperties":{"(?i)x":{}})j", "patternProperties.(?i)x"},
      {R"("$defs":{"a":)" + bad + "}", "$defs.a.pattern"},
      {R"("if":)" + bad, "if.pattern"},
  };
  for (const auto& [more, place] : table) {
    EXPECT_EQ(input(object(more)),
              "tool \"t\": input_schema: " + place + ": the pattern holds " + said);
  }
  EXPECT_EQ(input(object(R"j("properties":{"pattern":{"type":"string","default":"(?i)",)j"
                         R"j("enum":["(?i)"],"const":{"pattern":"(?i)"}}},"pattern":3)j")),
            "accepted")
      << "values, and members that are called pattern";
  EXPECT_EQ(refusal([&] {
              make_tool(
                  {.name = "t",
                   .output_schema = raw_json::parse(object(R"("properties":{"a":)" + bad + "}"))},
                  [] { return tool_result(); });
            }),
            "tool \"t\": output_schema: properties.a.pattern: the pattern holds " + said);
  EXPECT_EQ(refusal([&] {
              (void)elicitation::form("?",
                                      raw_json::parse(object(R"("properties":{"a":)" + bad + "}")));
            }),
            "form: properties.a.pattern: the pattern holds " + said);
}

}  // namespace
}  // namespace longhaul::test
