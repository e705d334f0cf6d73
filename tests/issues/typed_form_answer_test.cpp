// SPDX-License-Identifier: Apache-2.0
// Answers to questions were stored as they came: wrong types, missing members and values outside
// the enum reached handlers and programs. Each is now held against the schema that was asked.
#include <gtest/gtest.h>

#include "longhaul/elicitation.hpp"
#include "typed/form_formats.hpp"
#include "typed/question_answer.hpp"

namespace longhaul::test {
namespace {

// What is stored of an answer to a form with these properties, or why it is refused.
std::string outcome_of(const std::string& properties, const std::string& answer,
                       const std::string& required = "[]") {
  const auto schema = raw_json::parse(R"({"type":"object","properties":{)" + properties +
                                      R"(},"required":)" + required + "}");
  try {
    const raw_json request = elicitation::form("?", schema).request();
    return std::string(detail::fitting_answer(request, raw_json::parse(answer)).view());
  } catch (const std::exception& e) {
    return e.what();
  }
}
std::string content(const std::string& properties, const std::string& text,
                    const std::string& required = "[]") {
  return outcome_of(properties, R"({"action":"accept","content":)" + text + "}", required);
}
std::string accepted(const std::string& text) {
  return R"({"action":"accept","content":)" + text + "}";
}
// One member `x` of this schema; the value alone.
std::string one(const std::string& schema, const std::string& value) {
  const std::string got = content("\"x\":" + schema, "{\"x\":" + value + "}");
  return got == accepted("{\"x\":" + value + "}") ? "fits" : got;
}

TEST(form_answer, actions) {
  const std::string form = R"("x":{"type":"string"})";
  EXPECT_EQ(outcome_of(form, R"({"action":"decline","content":{"x":5}})"),
            R"({"action":"decline"})");
  EXPECT_EQ(outcome_of(form, R"({"action":"cancel","content":7,"more":1})"),
            R"({"action":"cancel"})");
  const std::string wanted = R"(action: expected "accept", "decline" or "cancel", got )";
  EXPECT_EQ(outcome_of(form, R"({"content":{"x":"a"}})"), wanted + "nothing");
  EXPECT_EQ(outcome_of(form, R"({"action":"Accept"})"), wanted + "\"Accept\"");
  EXPECT_EQ(outcome_of(form, R"({"action":null})"), wanted + "null");
  EXPECT_EQ(outcome_of(form, R"({"action":{"accept":true}})"), wanted + "an object");
  EXPECT_EQ(outcome_of(form, "[]"), "an answer must be an object with \"action\"");
}

TEST(form_answer, the_content_is_an_object_and_may_be_left_out_where_nothing_is_required) {
  const std::string form = R"("x":{"type":"string"},"y":{"type":"string"})";
  for (const char* none : {R"({"action":"accept"})", R"({"action":"accept","content":null})",
                           R"({"action":"accept","content":{}})"}) {
    EXPECT_EQ(outcome_of(form, none), accepted("{}")) << none;
    EXPECT_EQ(outcome_of(form, none, R"(["x"])"), R"(content: missing member "x")") << none;
    EXPECT_EQ(outcome_of(form, none, R"(["y","x"])"), R"(content: missing members "x", "y")");
  }
  for (const char* odd : {"[]", "\"x\"", "5", "true"}) {
    EXPECT_EQ(content(form, odd).find("content: expected an object, got "), 0u) << odd;
  }
}

TEST(form_answer, members_that_were_not_asked_for_are_dropped_and_so_is_an_optional_null) {
  const std::string form = R"("x":{"type":"string"},"n":{"type":"integer"})";
  EXPECT_EQ(content(form, R"({"__proto__":{},"x":"a","more":[1]})"), accepted(R"({"x":"a"})"));
  EXPECT_EQ(content(form, R"({"x":"a","n":null})"), accepted(R"({"x":"a"})"));
  EXPECT_EQ(content(form, R"({"n":null})", R"(["n"])"), "content.n: expected an integer, got null");
  EXPECT_EQ(content(form, R"({"x":"a","x":5})"), "content.x: this member is there twice");
  EXPECT_EQ(content(form, R"({"\u0078":5})"), "content.x: expected a string, got 5");
  EXPECT_EQ(content(R"("a b":{"type":"boolean"})", R"({"a b":1})"),
            R"(content["a b"]: expected true or false, got 1)");
}

TEST(form_answer, strings) {
  EXPECT_EQ(one(R"({"type":"string"})", "\"\""), "fits");
  EXPECT_EQ(one(R"({"type":"string"})", "5"), "content.x: expected a string, got 5");
  EXPECT_EQ(one(R"({"type":"string"})", R"(["a"])"), "content.x: expected a string, got an array");
  const std::string bounded = R"({"type":"string","minLength":2,"maxLength":3})";
  const std::string wanted = "content.x: expected a string of 2 to 3 characters, got ";
  EXPECT_EQ(one(bounded, R"("äöü")"), "fits") << "code points, not bytes";
  EXPECT_EQ(one(bounded, R"("\ud83d\ude00\ud83d\ude00")"), "fits");
  EXPECT_EQ(one(bounded, R"("\ud83d\ude00")"), wanted + "\"😀\"");
  EXPECT_EQ(one(bounded, R"("abcd")"), wanted + "\"abcd\"");
  EXPECT_EQ(one(R"({"type":"string","pattern":"^[a-z]+$"})", R"("abc")"), "fits");
  EXPECT_EQ(one(R"({"type":"string","pattern":"^[a-z]+$"})", R"("a1")"),
            "content.x: expected a string that matches ^[a-z]+$, got \"a1\"");
}

TEST(form_answer, numbers) {
  for (const char* whole :
       {"0", "-7", "3.0", "2e3", "9223372036854775807", "18446744073709551615"}) {
    EXPECT_EQ(one(R"({"type":"integer"})", whole), "fits") << whole;
  }
  for (const char* odd : {"1.5", "1e-1", "1e300", "\"5\"", "true"}) {
    EXPECT_NE(one(R"({"type":"integer"})", odd), "fits") << odd;
  }
  const std::string percent = R"({"type":"integer","minimum":0,"maximum":100})";
  EXPECT_EQ(one(percent, "0"), "fits");
  EXPECT_EQ(one(percent, "100"), "fits");
  EXPECT_EQ(one(percent, "101"), "content.x: expected an integer between 0 and 100, got 101");
  EXPECT_EQ(one(percent, "-1"), "content.x: expected an integer between 0 and 100, got -1");
  EXPECT_EQ(one(R"({"type":"number","minimum":0.5})", "0.5"), "fits");
  EXPECT_EQ(one(R"({"type":"number","minimum":0.5})", "0.4999"),
            "content.x: expected a number of at least 0.5, got 0.4999");
  EXPECT_EQ(one(R"({"type":"number","exclusiveMaximum":1})", "1"),
            "content.x: expected a number below 1, got 1");
  EXPECT_EQ(one(R"({"type":"integer","maximum":9007199254740992})", "9007199254740993"),
            "content.x: expected an integer of at most 9007199254740992, got 9007199254740993")
      << "exactly, not as doubles";
  EXPECT_EQ(one(R"({"type":"boolean"})", "0"), "content.x: expected true or false, got 0");
}

TEST(form_answer, choices_in_every_spelling) {
  for (
      const char* schema :
      {R"({"type":"string","enum":["red","green"]})",
       R"({"type":"string","enum":["red","green"],"enumNames":["Red","Green"]})",
       R"({"type":"string","oneOf":[{"const":"red","title":"Red"},{"const":"green","title":"G"}]})",
       R"({"type":"string","anyOf":[{"const":"red"},{"const":"green"}]})"}) {
    EXPECT_EQ(one(schema, R"("red")"), "fits") << schema;
    EXPECT_EQ(one(schema, R"("r\u0065d")"), "fits") << schema;
    EXPECT_EQ(one(schema, R"("Red")"), R"(content.x: expected one of "red", "green", got "Red")");
    EXPECT_EQ(one(schema, "1"), R"(content.x: expected one of "red", "green", got 1)") << schema;
  }
  EXPECT_EQ(one(R"({"type":"integer","enum":[1,2]})", "2.0"), "fits");
  EXPECT_EQ(one(R"({"type":"integer","enum":[1,2]})", "3"),
            "content.x: expected one of 1, 2, got 3");
}

TEST(form_answer, several_choices) {
  for (
      const char* items :
      {R"({"type":"string","enum":["a","b","c"]})",
       R"({"anyOf":[{"const":"a","title":"A"},{"const":"b","title":"B"},{"const":"c","title":"C"}]})"}) {
    const std::string schema =
        std::string(R"({"type":"array","minItems":1,"maxItems":2,"items":)") + items + "}";
    EXPECT_EQ(one(schema, R"(["a"])"), "fits");
    EXPECT_EQ(one(schema, R"(["c","a"])"), "fits");
    EXPECT_EQ(one(schema, "[]"), "content.x: expected an array of 1 to 2 elements, got 0");
    EXPECT_EQ(one(schema, R"(["a","b","c"])"),
              "content.x: expected an array of 1 to 2 elements, got more");
    EXPECT_EQ(one(schema, R"(["a","d"])"),
              R"(content.x[1]: expected one of "a", "b", "c", got "d")");
    EXPECT_EQ(one(schema, R"("a")"), R"(content.x: expected an array of 1 to 2 elements, got "a")");
  }
  EXPECT_EQ(one(R"({"type":"array","uniqueItems":true,"items":{"enum":["a"]}})", R"(["a","a"])"),
            R"(content.x[1]: "a" is there twice)");
}

TEST(form_answer, formats) {
  using namespace detail;
  for (const char* good : {"a@b.example", "a.b+c@localhost", "ä@bücher.example",
                           "\"a b\"@x.example", "a@[127.0.0.1]"}) {
    EXPECT_TRUE(is_email(good)) << good;
  }
  for (const char* bad : {"", "a", "@b", "a@", "a b@c", ".a@b", "a..b@c", "a@b..c", "a@-b.c",
                          "a@b@", "a@b.c\n", "Ann <a@b.c>", "a@b,c@d"}) {
    EXPECT_FALSE(is_email(bad)) << bad;
  }
  for (const char* good : {"2026-07-28", "2024-02-29", "2000-02-29", "0000-01-01"}) {
    EXPECT_TRUE(is_date(good)) << good;
  }
  for (const char* bad :
       {"", "2026-7-28", "2026-13-01", "2026-02-29", "1900-02-29", "2026-04-31", "2026-00-10",
        "2026-01-00", "28.07.2026", "2026-07-28T00:00:00Z", " 2026-07-28"}) {
    EXPECT_FALSE(is_date(bad)) << bad;
  }
  for (const char* good : {"2026-07-28T15:00:00Z", "2026-07-28t15:00:00.123z",
                           "2026-07-28T15:00:00+02:00", "2016-12-31T23:59:60Z"}) {
    EXPECT_TRUE(is_date_time(good)) << good;
  }
  for (const char* bad :
       {"2026-07-28", "2026-07-28T15:00Z", "2026-07-28T15:00:00", "2026-07-28 15:00:00Z",
        "2026-07-28T24:00:00Z", "2026-07-28T15:60:00Z", "2026-07-28T15:00:00.Z",
        "2026-07-28T15:00:00+0200", "2026-07-28T15:00:00+24:00", "2026-02-30T15:00:00Z"}) {
    EXPECT_FALSE(is_date_time(bad)) << bad;
  }
  for (const char* good : {"https://example.org/", "mailto:a@b", "urn:x", "a:b?c=%20d#e"}) {
    EXPECT_TRUE(is_absolute_uri(good)) << good;
  }
  for (const char* bad :
       {"", "example.org", "//example.org", ":x", "1a:b", "a:", "a:b c", "a:%2", "a:b\"", "a:ü"}) {
    EXPECT_FALSE(is_absolute_uri(bad)) << bad;
  }
  EXPECT_EQ(one(R"({"type":"string","format":"email"})", R"("nobody")"),
            "content.x: expected an email address, got \"nobody\"");
  EXPECT_EQ(one(R"({"type":"string","format":"date"})", R"("2026-02-30")"),
            "content.x: expected a date as 1999-12-31, got \"2026-02-30\"");
}

TEST(form_answer, a_page_has_no_content) {
  const auto request = elicitation::url("Log in", "https://example.org/").request();
  EXPECT_EQ(detail::fitting_answer(
                request, raw_json::parse(R"({"action":"accept","content":{"token":"x"}})"))
                .view(),
            R"({"action":"accept"})");
}

TEST(form_answer, what_could_not_be_checked_is_not_asked) {
  const auto refusal = [](const std::string& member, const std::string& required = "[]") {
    return content("\"x\":" + member, "{}", required);
  };
  EXPECT_EQ(refusal(R"({"type":"string","not":{"const":"a"}})"),
            R"(form: member "x": forms have no "not": leave it out)");
  EXPECT_EQ(refusal(R"({"type":"string","minLength":"2"})"),
            R"(form: member "x": minLength is no number of characters or elements)");
  EXPECT_EQ(refusal(R"({"type":"string","oneOf":[{"pattern":"a"}]})")
                .find("form: member \"x\": \"oneOf\""),
            0u);
  EXPECT_EQ(refusal(R"({"type":"string","pattern":"("})").find("form: properties.x.pattern"), 0u);
  EXPECT_EQ(refusal(R"({"type":"string"})", R"(["y"])"),
            R"(form: member "y": it is required, and not among the properties)");
}

}  // namespace
}  // namespace longhaul::test
