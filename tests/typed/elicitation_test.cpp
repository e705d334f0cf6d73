// SPDX-License-Identifier: Apache-2.0
#include "longhaul/elicitation.hpp"

#include <gtest/gtest.h>

#include <map>

namespace forms {

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

struct contact {
  std::string name = "John Doe";
  int age = 30;
  double score = 95.5;
  color favourite = color::green;
  bool verified = true;
  std::vector<color> colors;
  std::vector<std::string> topics;
  std::string email;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(contact, (),
                      (name, age, score, favourite, verified, colors, topics, email, note))

struct inner {
  int x = 0;
};
BOOST_DESCRIBE_STRUCT(inner, (), (x))
struct nests {
  inner i;
};
BOOST_DESCRIBE_STRUCT(nests, (), (i))
struct lists {
  std::vector<std::string> l;
};
BOOST_DESCRIBE_STRUCT(lists, (), (l))
struct maps {
  std::map<std::string, int> m;
};
BOOST_DESCRIBE_STRUCT(maps, (), (m))
struct anything {
  longhaul::raw_json r;
};
BOOST_DESCRIBE_STRUCT(anything, (), (r))
struct person {
  std::string name;
  std::optional<int> age;
};
BOOST_DESCRIBE_STRUCT(person, (), (name, age))
struct empty {};
BOOST_DESCRIBE_STRUCT(empty, (), ())

}  // namespace forms

namespace longhaul {
namespace {

using namespace forms;

template <class Form>
std::string refusal(Form form) {
  try {
    (void)form();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

answer answered(std::string_view json) { return answer::parse(raw_json::parse(json)); }

std::string question_refusal(std::string_view json) {
  try {
    (void)answered(json);
  } catch (const question_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(elicitation, a_form_of_a_struct) {
  const auto question = elicitation::form<contact>(
      "Who are you?", {field(&contact::colors).items(1, 2),
                       field(&contact::topics).choices({{"a", "Topic A"}, {"b", "Topic B"}}),
                       field(&contact::email, "Where to write").format("email").length(3, 90),
                       field(&contact::age).range(0, 150)});
  EXPECT_EQ(question.how, elicitation::mode::form);
  EXPECT_EQ(
      question.request().view(),
      R"({"method":"elicitation/create","params":{"mode":"form","message":"Who are you?",)"
      R"("requestedSchema":{"type":"object","properties":{)"
      R"("name":{"type":"string","default":"John Doe"},)"
      R"("age":{"type":"integer","minimum":0,"maximum":150,"default":30},)"
      R"("score":{"type":"number","default":95.5},)"
      R"("favourite":{"type":"string","enum":["red","green"],"default":"green"},)"
      R"("verified":{"type":"boolean","default":true},)"
      R"("colors":{"type":"array","minItems":1,"maxItems":2,)"
      R"("items":{"type":"string","enum":["red","green"]}},)"
      R"("topics":{"type":"array","items":{"type":"string","anyOf":[)"
      R"({"const":"a","title":"Topic A"},{"const":"b","title":"Topic B"}]}},)"
      R"("email":{"type":"string","description":"Where to write","minLength":3,"maxLength":90,)"
      R"("format":"email"},"note":{"type":"string"}},)"
      R"("required":["colors","topics","email"]}}})");
}

TEST(elicitation, a_form_without_members_still_has_properties) {
  EXPECT_EQ(elicitation::form<empty>("Go on?").request().view(),
            R"({"method":"elicitation/create","params":{"mode":"form","message":"Go on?",)"
            R"("requestedSchema":{"type":"object","properties":{}}}})");
  elicitation bare;
  bare.message = "Go on?";
  EXPECT_EQ(bare.request(), elicitation::form<empty>("Go on?").request());
}

TEST(elicitation, shapes_that_no_form_shows_are_refused) {
  const std::string flat =
      "forms are flat: strings, numbers, booleans, enums and sequences of enums";
  EXPECT_EQ(refusal([] { return elicitation::form<nests>("?"); }), "form: member \"i\": " + flat);
  EXPECT_EQ(refusal([] { return elicitation::form<maps>("?"); }), "form: member \"m\": " + flat);
  EXPECT_EQ(refusal([] { return elicitation::form<anything>("?"); }),
            "form: member \"r\": " + flat);
  EXPECT_EQ(refusal([] { return elicitation::form<lists>("?"); }),
            "form: member \"l\": a sequence in a form is one of enums, or of strings with choices");
  EXPECT_EQ(
      refusal([] { return elicitation::form<person>("?", {field("name").format("hostname")}); }),
      "form: member \"name\": formats in a form are email, uri, date and date-time");
  EXPECT_EQ(refusal([] { return elicitation::form<person>("?", {field("name").header("N")}); }),
            "form: member \"name\": a form has no headers");
}

TEST(elicitation, a_form_of_a_schema) {
  const auto schema = raw_json::trusted(
      R"({"type":"object","properties":{"s":{"type":"string","enum":["a"],"enumNames":["A"]},)"
      R"("n":{"type":"number"},"i":{"type":"integer"},"b":{"type":"boolean"},)"
      R"("u":{"type":"array","items":{"type":"string","enum":["a"]}},)"
      R"("t":{"type":"array","items":{"anyOf":[{"const":"a","title":"A"}]}}},"required":["s"]})");
  EXPECT_EQ(elicitation::form("Which?", schema).requested_schema, schema);
  for (const char* bad :
       {"null", "[]", "{}", R"({"type":"object"})", R"({"type":"string","properties":{}})",
        R"({"type":"object","properties":[]})",
        R"({"type":"object","properties":{"o":{"type":"object"}}})",
        R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}}})",
        R"({"type":"object","properties":{"a":{"type":"null"}}})",
        R"({"type":"object","properties":{"a":{}}})",
        R"({"type":"object","properties":{"a":1}})"}) {
    EXPECT_THROW(elicitation::form("?", raw_json::parse(bad)), std::invalid_argument) << bad;
  }
  EXPECT_THROW(elicitation::form("?", raw_json()), std::invalid_argument);
}

TEST(elicitation, a_url) {
  EXPECT_EQ(elicitation::url("Sign \"in\"", "https://example.com/in?x=1&y=%20").request().view(),
            R"({"method":"elicitation/create","params":{"mode":"url","message":"Sign \"in\"",)"
            R"("url":"https://example.com/in?x=1&y=%20"}})");
  for (const char* bad : {"", "example.com", "/path", "https:", ":x", "1https://x", "https://a b",
                          "https://é", "https://a\n", "ht tp://x", "https://<x>"}) {
    EXPECT_THROW(elicitation::url("?", bad), std::invalid_argument) << bad;
  }
}

TEST(answer, accept_with_content) {
  const auto a =
      answered(R"({"action":"accept","content":{"name":"Ada","extra":true},"_meta":{}})");
  EXPECT_TRUE(a.accepted());
  EXPECT_EQ(a.content.view(), R"({"name":"Ada","extra":true})");
  const auto who = a.as<person>();
  EXPECT_EQ(who.name, "Ada") << "members that were not asked for are ignored";
  EXPECT_EQ(who.age, std::nullopt);
}

TEST(answer, accept_without_content) {
  for (const char* text : {R"({"action":"accept"})", R"({"action":"accept","content":null})"}) {
    const auto a = answered(text);
    EXPECT_TRUE(a.accepted());
    EXPECT_FALSE(a.content);
    EXPECT_NO_THROW((void)a.as<empty>());
    EXPECT_THROW((void)a.as<person>(), invalid_arguments);
  }
}

TEST(answer, decline_and_cancel) {
  const auto declined = answered(R"({"action":"decline","content":{"name":"Ada"}})");
  EXPECT_EQ(declined.chosen, answer::action::decline);
  EXPECT_FALSE(declined.accepted());
  EXPECT_FALSE(declined.content) << "only what was accepted is read";
  EXPECT_EQ(answered(R"({"action":"cancel"})").chosen, answer::action::cancel);
  try {
    (void)declined.as<person>();
    FAIL() << "read";
  } catch (const question_error& error) {
    EXPECT_STREQ(error.what(), "the question was declined");
  }
  EXPECT_THROW((void)answered(R"({"action":"cancel"})").as<person>(), question_error);
  EXPECT_FALSE(answer().accepted());
}

TEST(answer, content_that_does_not_fit_is_named) {
  const auto a = answered(R"({"action":"accept","content":{"name":"","age":-1}})");
  try {
    (void)a.as<person>({field(&person::age).range(0, 150)});
    FAIL() << "read";
  } catch (const invalid_arguments& error) {
    EXPECT_STREQ(error.what(), "answer.age: expected an integer between 0 and 150, got -1");
  }
}

TEST(answer, what_is_no_answer_is_refused) {
  const std::string wants = R"(an answer needs "action": "accept", "decline" or "cancel")";
  EXPECT_EQ(question_refusal("12345"), "an answer is not an object");
  EXPECT_EQ(question_refusal("null"), "an answer is not an object");
  EXPECT_EQ(question_refusal("{}"), wants);
  EXPECT_EQ(question_refusal(R"({"action":"ACCEPT"})"), wants);
  EXPECT_EQ(question_refusal(R"({"action":true})"), wants);
  EXPECT_EQ(question_refusal(R"({"action":"accept","content":[1]})"),
            "an answer's content is not an object");
  EXPECT_THROW((void)answer::parse(raw_json()), question_error);
}

}  // namespace
}  // namespace longhaul
