// SPDX-License-Identifier: Apache-2.0
#include "typed/key_template.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/utf8.hpp"
#include "json/validate.hpp"
#include "json/write.hpp"

namespace longhaul::detail {
namespace {

const raw_json schema = raw_json::trusted(
    R"({"type":"object","properties":{"database":{},"odd \u006eame":{},"shards":{"type":"integer"}}})");

std::string key(std::string_view text, std::string_view arguments) {
  return key_of(text, raw_json::parse(arguments));
}

TEST(key_template, is_a_text_with_places_for_arguments) {
  for (const char* text :
       {"all", "{database}", "{database}/{shards}", "{odd name}", "{{x}} {shards}"})
    EXPECT_EQ(key_template_fault(text, schema), "") << text;
}

TEST(key_template, faults_say_what_to_write) {
  EXPECT_EQ(key_template_fault("{databse}", schema),
            R"(there is no parameter "databse"; did you mean "database"?)");
  EXPECT_EQ(key_template_fault("{x}", raw_json::trusted(R"({"type":"object"})")),
            R"(there is no parameter "x"; there are none)");
  EXPECT_EQ(key_template_fault("a{}b", schema),
            "{} names no parameter; where a brace itself is meant, write {{ or }}");
  EXPECT_EQ(key_template_fault("{database", schema),
            "a '{' without its '}'; where a brace itself is meant, write {{ or }}");
  EXPECT_EQ(key_template_fault("database}", schema),
            "a '}' without its '{'; where a brace itself is meant, write {{ or }}");
  EXPECT_EQ(key_template_fault("}{oops}", schema).substr(0, 5), "a '}'") << "the first one is told";
}

TEST(key_of_call, names_each_argument_and_its_value) {
  EXPECT_EQ(key("{database}", R"({"database":"orders"})"), "database=orders");
  EXPECT_EQ(key("x {{{shards}}} {database}", R"({"database":"a\u0062","shards":4.0})"),
            "x {shards=4} database=ab");
  EXPECT_EQ(key("all", R"({"database":"orders"})"), "all");
}

TEST(key_of_call, others_than_strings_are_canonical_json) {
  EXPECT_EQ(key("{v}", R"({"v":{"b":1e0,"a":[true,null]}})"), R"(v={"a":[true,null],"b":1})");
  EXPECT_EQ(key("{v}", R"({"v":null})"), "v=null");
  EXPECT_EQ(key("{v}", R"({"v":1,"v":2})"), "v=2");
  EXPECT_EQ(key("{v},{w}", R"({"w":1})"), "v=,w=1");
}

TEST(key_of_call, shows_no_control_characters) {
  EXPECT_EQ(key("{v}", R"({"v":"a\n\u0000b\u001b[2J\u007f\u0085\u009f\u00a0é"})"),
            "v=a??b?[2J???\u00a0é");
}

TEST(key_of_call, a_long_one_is_cut_at_a_character_and_told_from_its_like) {
  const auto keyed = [](const std::string& value) {
    std::string text;
    json::object(text).string("v", value).close();
    return key("{v}", text);
  };
  const std::string fits(254, 'x');
  EXPECT_EQ(keyed(fits), "v=" + fits);
  EXPECT_EQ(keyed(fits + "x"),
            "v=" + std::string(178, 'x') + "…" + in_hex(sha256("v=" + fits + "x"), 16));
  EXPECT_NE(keyed(fits + "x"), keyed(fits + "y"));
  EXPECT_NE(keyed(fits + "\n"), keyed(fits + "\t")) << "told apart by what they are";
  const std::string wide = "x" + [] {
    std::string all;
    for (int i = 0; i < 100; ++i) all += "€";
    return all;
  }();
  const std::string cut = keyed(wide);
  EXPECT_EQ(cut.substr(0, 180 + 3), "v=x" + wide.substr(1, 177) + "…");
  std::string huge;
  for (int i = 0; i < 100'000; ++i) huge += "é\n";
  EXPECT_LE(keyed(huge).size(), 256U);
  EXPECT_NO_THROW((void)raw_json::parse("\"" + keyed(huge) + "\"")) << "valid UTF-8";
}

TEST(digest, in_hex) { EXPECT_EQ(in_hex(sha256(""), 16), "e3b0c44298fc1c149afbf4c8996fb924"); }

}  // namespace
}  // namespace longhaul::detail
