// SPDX-License-Identifier: Apache-2.0
// The door of JSON: what is accepted, what is refused, and what is kept.
#include "longhaul/raw_json.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <string>

#include "json/validate.hpp"
#include "support/seed.hpp"

namespace longhaul {
namespace {

using test::slowdown;

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

TEST(raw_json, half_a_surrogate_pair_is_read_as_the_replacement_character) {
  EXPECT_EQ(kept(R"("\ud83d\ude80")"), R"("\ud83d\ude80")");
  EXPECT_EQ(kept(R"("\ud83d")"), R"("\ufffd")");
  EXPECT_EQ(kept(R"("\uD83Dx")"), R"("\ufffdx")");
  EXPECT_EQ(kept(R"("\ud83d\u0041")"), R"("\ufffd\u0041")");
  EXPECT_EQ(kept(R"("\ud83d\ud83d\ude80")"), R"("\ufffd\ud83d\ude80")");
  EXPECT_EQ(kept(R"("\ude80\ud83d")"), R"("\ufffd\ufffd")");
  EXPECT_EQ(kept(R"("\\ud83d \udC00")"), R"("\\ud83d \ufffd")");
  EXPECT_EQ(kept(R"({"\ud83d":[{"a\udfff":1}]})"), R"({"\ufffd":[{"a\ufffd":1}]})");
  for (const char* text : {R"("\ud83d)", R"("\ud83d" x)", R"(["\ud83d",])", R"("\ud83")",
                           R"("\ud83d\x")", "\"\\ud83d\x01\"", R"(["\ud83d", tru])"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
  EXPECT_THROW(json::validate(R"("\ud83d")"), invalid_json) << "it cannot mend";
}

TEST(raw_json, numbers_of_any_size_are_kept_as_they_were_written) {
  for (const char* text : {"18446744073709551616", "-9223372036854775809", "[1e999,-1E+999]",
                           R"({"a":{"b":[123456789012345678901234567890,1e-999]}})"}) {
    EXPECT_EQ(kept(text), text);
  }
  for (const char* text :
       {"01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "-Infinity",
        "[18446744073709551616 1]", "018446744073709551616", "18446744073709551616x", "[1e999]]"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
}

TEST(raw_json, nesting_is_bounded_at_511) {
  const std::string arrays = nested(511);
  EXPECT_EQ(refusal(arrays), "accepted");
  EXPECT_EQ(refusal(nested(512)), "not accepted: JSON nested too deeply");
  EXPECT_EQ(refusal(nested(100000)), "not accepted: JSON nested too deeply");
  for (const char* inside : {"1", "{}", R"("a")", "null"}) {
    std::string text = std::string(510, '[') + inside + std::string(510, ']');
    EXPECT_EQ(refusal(text), "accepted") << inside;
    text = "[[" + text + "]]";
    EXPECT_EQ(refusal(text), "not accepted: JSON nested too deeply") << inside;
  }
  EXPECT_EQ(refusal("[1]"), "accepted") << "the parser works on after a refusal";
}

// In a process of its own, which may not have the memory that the parser wants.
int validate_without_memory() {
  std::string text = "[" + std::string(64 << 20, ' ') + "]";
  const rlimit little{1, 1};
  if (::setrlimit(RLIMIT_AS, &little) != 0) return 3;
  try {
    json::validate(text);
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  } catch (const std::exception&) {
    return 2;
  }
}

TEST(raw_json, no_memory_is_not_told_as_bad_json) {
  if (slowdown > 1) GTEST_SKIP() << "a sanitizer needs memory of its own";
  const pid_t child = ::fork();
  if (child == 0) std::_Exit(validate_without_memory());
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
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
