// SPDX-License-Identifier: Apache-2.0
#include "json/write.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "json/view.hpp"

namespace longhaul::json {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

template <class Number>
std::string printed(Number number) {
  std::string out;
  append_number(out, number);
  return out;
}

TEST(append_string, escapes_what_must_be_escaped_and_nothing_else) {
  EXPECT_EQ(in_quotes(""), R"("")");
  EXPECT_EQ(in_quotes("plain / text"), R"("plain / text")");
  EXPECT_EQ(in_quotes("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(in_quotes(std::string_view("\0\x01\x1F\x7F", 4)), "\"\\u0000\\u0001\\u001f\x7F\"");
  EXPECT_EQ(in_quotes("é€🚀"), "\"é€🚀\"");
}

TEST(append_string, replaces_invalid_utf8_byte_by_byte) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(in_quotes("\x80"), '"' + r + '"') << "a continuation alone";
  EXPECT_EQ(in_quotes("a\xC3"), "\"a" + r + '"') << "cut at the end";
  EXPECT_EQ(in_quotes("\xC3z"), '"' + r + "z\"");
  EXPECT_EQ(in_quotes("\xC0\xAF"), '"' + r + r + '"') << "overlong";
  EXPECT_EQ(in_quotes("\xE0\x80\xAF"), '"' + r + r + r + '"') << "overlong";
  EXPECT_EQ(in_quotes("\xF0\x80\x80\xAF"), '"' + r + r + r + r + '"') << "overlong";
  EXPECT_EQ(in_quotes("\xED\xA0\x80"), '"' + r + r + r + '"') << "a surrogate";
  EXPECT_EQ(in_quotes("\xF4\x90\x80\x80"), '"' + r + r + r + r + '"') << "beyond U+10FFFF";
  EXPECT_EQ(in_quotes("\xFF"), '"' + r + '"');
  EXPECT_EQ(in_quotes("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\"") << "U+10FFFF";
}

TEST(append_string, of_any_bytes_is_valid_json_and_of_text_reads_back) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % (round % 2 == 0 ? 256 : 128));
    const raw_json json = raw_json::parse(in_quotes(bytes));
    if (round % 2 == 1) {
      ASSERT_EQ(value(json).string(), bytes);
    }
  }
}

TEST(append_number, integers) {
  EXPECT_EQ(printed(std::int64_t{0}), "0");
  EXPECT_EQ(printed(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(printed(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(printed(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(append_number, doubles_read_back_exactly) {
  EXPECT_EQ(printed(0.5), "0.5");
  EXPECT_EQ(printed(-3.0), "-3");
  EXPECT_EQ(printed(95.5), "95.5");
  for (const double x : {0.1, 1e300, 5e-324, -1.7976931348623157e308, 1.0 / 3.0}) {
    EXPECT_EQ(value(raw_json::parse(printed(x))).number(), x);
  }
}

TEST(append_number, what_json_cannot_say_is_null) {
  EXPECT_EQ(printed(std::nan("")), "null");
  EXPECT_EQ(printed(HUGE_VAL), "null");
  EXPECT_EQ(printed(-HUGE_VAL), "null");
}

TEST(object, writes_its_members_in_order) {
  std::string out = "x";
  object o(out);
  o.string("s", "a\"b").number("n", 1.5).integer("i", -7).boolean("t", true).boolean("f", false);
  o.null("z").raw("r", R"([1,{"k":2}])").raw("j", raw_json::trusted("{}"));
  object inner(o.key("o"));
  inner.close();
  o.close();
  EXPECT_EQ(out, R"(x{"s":"a\"b","n":1.5,"i":-7,"t":true,"f":false,"z":null,"r":[1,{"k":2}],)"
                 R"("j":{},"o":{}})");
}

TEST(append_utf8, replaces_invalid_bytes_alone) {
  const auto appended = [](std::string_view text) {
    std::string out = "x";
    append_utf8(out, text);
    return out;
  };
  EXPECT_EQ(appended("a\"\\\n\x1B é😀"), "xa\"\\\n\x1B é😀");
  EXPECT_EQ(appended("a\xFFz\xC3"), "xa\uFFFDz\uFFFD");
  EXPECT_EQ(appended("\xED\xA0\x80"), "x\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(appended(""), "x");
}

TEST(object, an_empty_one) {
  std::string out;
  object o(out);
  o.close();
  EXPECT_EQ(out, "{}");
}

TEST(object, integers_of_every_size_are_written_as_they_are) {
  std::string out;
  object o(out);
  o.integer("u64", std::numeric_limits<std::uint64_t>::max());
  o.integer("i64", std::numeric_limits<std::int64_t>::min());
  o.integer("u8", static_cast<unsigned char>(200)).integer("size", std::size_t{3});
  o.close();
  EXPECT_EQ(out, R"({"u64":18446744073709551615,"i64":-9223372036854775808,"u8":200,"size":3})");
}

TEST(object, keys_are_escaped) {
  std::string out;
  object o(out);
  o.string("a\"\n", "").close();
  EXPECT_EQ(out, R"({"a\"\n":""})");
}

}  // namespace
}  // namespace longhaul::json
