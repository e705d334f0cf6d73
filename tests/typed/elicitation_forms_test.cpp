// SPDX-License-Identifier: Apache-2.0
// Every form of schema that a form may have: choices as SEP-1330 has them, defaults as SEP-1034.
#include <gtest/gtest.h>

#include "longhaul/elicitation.hpp"
#include "typed/question_answer.hpp"

namespace forms_of_seps {

enum class account { active, inactive, pending };
BOOST_DESCRIBE_ENUM(account, active, inactive, pending)

struct defaults {
  std::string name = "John Doe";
  int age = 30;
  double score = 95.5;
  account status = account::active;
  bool verified = true;
  std::vector<account> all{account::active, account::pending};
};
BOOST_DESCRIBE_STRUCT(defaults, (), (name, age, score, status, verified, all))

struct choices {
  account untitled;
  std::string titled;
  std::vector<account> many;
  std::vector<std::string> titled_many;
};
BOOST_DESCRIBE_STRUCT(choices, (), (untitled, titled, many, titled_many))

}  // namespace forms_of_seps

namespace longhaul {
namespace {

using namespace forms_of_seps;

TEST(elicitation_forms, defaults_of_every_primitive) {
  const auto asked =
      elicitation::form<defaults>("?", {field(&defaults::status).optional()}).requested_schema;
  EXPECT_EQ(asked.view(),
            R"({"type":"object","properties":{"name":{"type":"string","default":"John Doe"},)"
            R"("age":{"type":"integer","default":30},"score":{"type":"number","default":95.5},)"
            R"("status":{"type":"string","enum":["active","inactive","pending"],)"
            R"("default":"active"},"verified":{"type":"boolean","default":true},)"
            R"("all":{"type":"array","items":{"type":"string","enum":["active","inactive",)"
            R"("pending"]},"default":["active","pending"]}}})");
}

TEST(elicitation_forms, choices_with_and_without_titles_one_and_many) {
  const auto asked =
      elicitation::form<choices>(
          "?", {field(&choices::titled).choices({{"v1", "First"}, {"v2", "Second"}}),
                field(&choices::titled_many).choices({{"v1", "First"}, {"v2", "Second"}})})
          .requested_schema;
  EXPECT_EQ(asked.view(),
            R"({"type":"object","properties":{"untitled":{"type":"string","enum":["active",)"
            R"("inactive","pending"]},"titled":{"type":"string","oneOf":[{"const":"v1","title":)"
            R"("First"},{"const":"v2","title":"Second"}]},"many":{"type":"array","items":)"
            R"({"type":"string","enum":["active","inactive","pending"]}},"titled_many":)"
            R"({"type":"array","items":{"type":"string","anyOf":[{"const":"v1","title":"First"},)"
            R"({"const":"v2","title":"Second"}]}}},)"
            R"("required":["untitled","titled","many","titled_many"]})");
}

// Names of choices as revisions before SEP-1330 had them are written by hand.
TEST(elicitation_forms, names_of_choices_as_they_were) {
  const auto form = [](const char* names) {
    return elicitation::form(
        "?", raw_json::parse(R"({"type":"object","properties":{"legacy":{"type":"string",)"
                             R"("enum":["o1","o2"],"enumNames":)" +
                             std::string(names) + "}}}"));
  };
  const auto asked = form(R"(["One","Two"])");
  EXPECT_NE(asked.requested_schema.view().find(R"("enumNames":["One","Two"])"),
            std::string_view::npos);
  for (const char* bad : {R"(["One"])", R"(["One","Two","Three"])", R"(["One",2])", "7"}) {
    EXPECT_THROW(form(bad), std::invalid_argument) << bad;
  }
  const auto given = [](const char* value) {
    return raw_json::parse(R"({"action":"accept","content":{"legacy":")" + std::string(value) +
                           "\"}}");
  };
  EXPECT_NO_THROW(detail::fitting_answer(asked.request(), given("o2")));
  EXPECT_THROW(detail::fitting_answer(asked.request(), given("Two")), question_error);
}

TEST(elicitation_forms, a_default_that_does_not_fit_is_a_mistake) {
  for (const char* member :
       {R"({"type":"string","default":5})", R"({"type":"integer","default":1.5})",
        R"({"type":"number","maximum":3,"default":4})", R"({"type":"boolean","default":"true"})",
        R"({"type":"string","enum":["a"],"default":"b"})",
        R"({"type":"string","oneOf":[{"const":"a","title":"A"}],"default":"A"})",
        R"({"type":"array","items":{"type":"string","enum":["a"]},"default":["b"]})",
        R"({"type":"array","items":{"type":"string","enum":["a"]},"default":"a"})"}) {
    const auto schema =
        raw_json::parse(R"({"type":"object","properties":{"m":)" + std::string(member) + "}}");
    EXPECT_THROW(elicitation::form("?", schema), std::invalid_argument) << member;
  }
}

}  // namespace
}  // namespace longhaul
