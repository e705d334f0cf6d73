// SPDX-License-Identifier: Apache-2.0
// The door of JSON: what is accepted, what is refused, and what is kept.
#include "longhaul/raw_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "json/validate.hpp"

namespace longhaul {
namespace {

std::string kept(std::string_view text) { return std::string(raw_json::parse(text).view()); }

std::string refusal(std::string_view text) {
  try {
    (void)raw_json::parse(text);
  } catch (const invalid_json& error) {
    return error.what();
  }
  return "accepted";
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(raw_json, absent_is_not_null) {
  const raw_json absent;
  EXPECT_FALSE(absent);
  EXPECT_EQ(absent.view(), "");
  EXPECT_EQ(absent.size(), 0u);
  EXPECT_EQ(absent, raw_json());
  EXPECT_FALSE(absent == raw_json::trusted("null"));
}

TEST(raw_json, equality_is_of_bytes) {
  EXPECT_EQ(raw_json::trusted("[1]"), raw_json::trusted(std::string("[1]")));
  EXPECT_FALSE(raw_json::trusted("[1]") == raw_json::trusted("[1.0]"));
}

TEST(raw_json, every_kind_of_value_is_kept_as_it_is) {
  for (const char* text : {"null",
                           "true",
                           "false",
                           "0",
                           "-0",
                           "1.50",
                           "1e5",
                           "-1E-2",
                           "\"\"",
                           "\"a\\u00e9\\n\"",
                           "[]",
                           "{}",
                           "[ 1 , 2 ]",
                           "{\"a\" : {}}",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "18446744073709551615",
                           "3.141592653589793238462643383279",
                           "\"\xF0\x9F\x9A\x80\"",
                           "\"\x7F\""}) {
    EXPECT_EQ(kept(text), text);
  }
}

TEST(raw_json, line_breaks_outside_strings_go_and_with_them_all_white_space) {
  EXPECT_EQ(kept("{\r\n \"a\" : [ 1 ,\n2 ]\t}"), R"({"a":[1,2]})");
  EXPECT_EQ(kept("[1, \"a b\\n\",\r2]"), R"([1,"a b\n",2])");
  EXPECT_EQ(kept("1\n"), "1");
  EXPECT_EQ(kept("{ \"a\": 1 }"), "{ \"a\": 1 }") << "no line break: not touched";
}

TEST(raw_json, numbers_keep_their_token_through_minify) {
  EXPECT_EQ(kept("[1.0,\n-0.10e+3,\n18446744073709551615]"), "[1.0,-0.10e+3,18446744073709551615]");
}

TEST(raw_json, what_is_no_json_is_refused) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "tru",
                           "True",
                           "NaN",
                           "Infinity",
                           "+1",
                           "01",
                           "1.",
                           ".5",
                           "1e",
                           "--1",
                           "0x1",
                           "'a'",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"a\nb\"",
                           "\"\t\"",
                           "[",
                           "]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:2}",
                           "1 2",
                           "{} {}",
                           "[]]",
                           "// c\n1",
                           "/**/1",
                           "\xEF\xBB\xBF{}"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
  EXPECT_NE(refusal(std::string_view("[1]\0", 4)), "accepted");
  EXPECT_NE(refusal(std::string_view("\"\0\"", 3)), "accepted");
}

TEST(raw_json, invalid_utf8_is_refused) {
  for (const char* text : {"\"\x80\"", "\"\xC3\"", "\"\xC0\xAF\"", "\"\xE0\x80\xAF\"",
                           "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xFF\""}) {
    EXPECT_EQ(refusal(text), "not JSON: invalid UTF-8");
  }
}

TEST(raw_json, lone_surrogates_are_refused) {
  EXPECT_EQ(kept(R"("\ud83d\ude80")"), R"("\ud83d\ude80")");
  for (const char* text : {R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ud83d\ud83d")",
                           R"("\ude80")", R"("\ude80\ud83d")", R"({"\ud83d":1})"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
}

TEST(raw_json, integers_beyond_64_bits_are_refused) {
  EXPECT_EQ(refusal("18446744073709551616"),
            "not JSON: a malformed number, or an integer beyond 64 bits");
  EXPECT_EQ(refusal("-9223372036854775809"),
            "not JSON: a malformed number, or an integer beyond 64 bits");
}

TEST(raw_json, nesting_is_bounded_at_512) {
  EXPECT_EQ(refusal(nested(512)), "accepted");
  EXPECT_EQ(refusal(nested(513)), "not accepted: JSON nested too deeply");
  EXPECT_EQ(refusal(nested(100000)), "not accepted: JSON nested too deeply");
  EXPECT_EQ(refusal("[1]"), "accepted") << "the parser works on after a refusal";
}

TEST(raw_json, a_large_document_is_accepted_and_the_next_small_one_too) {
  std::string large = "[";
  for (int i = 0; i < 400000; ++i) large += "12345,";
  large += "0]";
  EXPECT_EQ(raw_json::parse(large).view(), large);
  EXPECT_EQ(kept("{}"), "{}");
}

TEST(raw_json, a_number_at_the_very_end_of_the_text_is_read_within_bounds) {
  const std::string text = "[12345678]7";
  EXPECT_EQ(kept(std::string_view(text).substr(0, 10)), "[12345678]");
}

TEST(validate_in_place, agrees_with_validate_and_keeps_the_text) {
  std::string text = R"({"a":[1,2,3]})";
  json::validate_in_place(text);
  EXPECT_EQ(text, R"({"a":[1,2,3]})");
  std::string broken = "{\"a\":";
  EXPECT_THROW(json::validate_in_place(broken), invalid_json);
  std::string empty;
  EXPECT_THROW(json::validate_in_place(empty), invalid_json);
}

}  // namespace
}  // namespace longhaul
