// SPDX-License-Identifier: Apache-2.0
// What hosts and this server read alike, and what is said of the rest. patterns.json is also tried
// in Node, with the flag `u` and without (tests/interop/patterns.test.mjs).
#include "typed/ecma_pattern.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

namespace longhaul::test {
namespace {

std::string fault_of(std::string_view pattern) { return detail::check_pattern(pattern).fault; }

TEST(patterns, that_are_taken_match_what_they_match_in_a_host) {
  std::ostringstream text;
  text << std::ifstream(LONGHAUL_TEST_DATA "/patterns.json").rdbuf();
  const auto table = boost::json::parse(text.str()).as_array();
  ASSERT_GT(table.size(), 50U);
  for (const auto& row : table) {
    const std::string pattern(row.at("pattern").as_string());
    const auto checked = detail::check_pattern(pattern);
    ASSERT_NE(checked.compiled, nullptr) << pattern << " " << checked.fault;
    for (const auto& one : row.at("matches").as_array()) {
      const std::string value(one.as_string());
      EXPECT_TRUE(re2::RE2::PartialMatch(value, *checked.compiled)) << pattern << " on " << one;
    }
    for (const auto& one : row.at("not").as_array()) {
      const std::string value(one.as_string());
      EXPECT_FALSE(re2::RE2::PartialMatch(value, *checked.compiled)) << pattern << " on " << one;
    }
  }
}

// The construct as it stands, and what is to be written instead.
TEST(patterns, that_not_every_host_reads_alike_are_refused_with_what_to_write) {
  const std::vector<std::array<std::string, 3>> table = {
      {"(?i)^a$", "'(?i)'", "[Aa]"},
      {"(?i:a)", "'(?i:'", "[Aa]"},
      {"(?s)a.b", "'(?s)'", "[\\s\\S]"},
      {"(?m)^a$", "'(?m)'", "leave it out"},
      {"(?U)a+", "'(?U)'", "leave it out"},
      {"(?-i)a", "'(?-i)'", "[Aa]"},
      {"(?P<x>a)", "'(?P<x>'", "write ( or (?:"},
      {"(?<x>a)", "'(?<x>'", "write ( or (?:"},
      {"(?P=x)", "'(?P=x)'", "write ( or (?:"},
      {"(?=a)", "'(?='", "no look-around"},
      {"(?!a)", "'(?!'", "no look-around"},
      {"(?<=a)b", "'(?<='", "no look-around"},
      {"(?<!a)b", "'(?<!'", "no look-around"},
      {"(?>a)", "'(?>'", "(?:"},
      {"(?#c)a", "'(?#'", "no comments"},
      {"(?", "'(?'", "leave it out"},
      {R"(\Aa)", R"('\A')", "write ^"},
      {R"(a\z)", R"('\z')", "write $"},
      {R"(a\Z)", R"('\Z')", "write $"},
      {R"(\Qa.b\E)", R"('\Q')", "backslash before each"},
      {R"(a\C)", R"('\C')", R"([\s\S])"},
      {R"(\pN)", R"('\pN')", "list the characters"},
      {R"(\p{Greek})", R"('\p{Greek}')", "list the characters"},
      {R"(\PL)", R"('\PL')", "list the characters"},
      {R"([\pL])", R"('\pL')", "list the characters"},
      {"[[:alpha:]]", "'[:alpha:]'", "A-Za-z"},
      {"[^[:space:]x]", "'[:space:]'", R"(\s)"},
      {"[[:^digit:]]", "'[:^digit:]'", "0-9"},
      {"[[:nope:]]", "'[:nope:]'", R"(\[)"},
      {R"(\h)", R"('\h')", R"([ \t])"},
      {R"(\R)", R"('\R')", R"(\r\n)"},
      {R"(\X)", R"('\X')", R"([\s\S])"},
      {R"(\N)", R"('\N')", R"([^\n])"},
      {R"(\K)", R"('\K')", "leave it out"},
      {R"(\a)", R"('\a')", R"(\x07)"},
      {R"(\e)", R"('\e')", R"(\x1B)"},
      {R"(\cA)", R"('\c')", R"(\x01)"},
      {R"((a)\1)", R"('\1')", "no back references"},
      {R"(\k<x>)", R"('\k')", "no back references"},
      {R"(\0)", R"('\0')", R"(\x and two)"},
      {R"(\012)", R"('\0')", R"(\x and two)"},
      {R"(\101)", R"('\1')", R"(\x and two)"},
      {R"([\101])", R"('\1')", R"(\x and two)"},
      {R"(\x{41})", R"('\x{41}')", "the character itself"},
      {R"(\u{1F600})", R"('\u{1F600}')", "the character itself"},
      {R"(\x4)", R"('\x')", "two hexadecimal digits"},
      {R"(\u41)", R"('\u')", "four hexadecimal digits"},
      {R"(\ud83d\ude00)", R"('\ud83d')", "the character itself"},
      {R"([\b])", R"('\b')", R"(\x08)"},
      {R"(a\-b)", R"('\-')", "write - without the backslash"},
      {R"(\_)", R"('\_')", "write _ without the backslash"},
      {R"(\ )", R"('\ ')", "without the backslash"},
      {R"(\@)", R"('\@')", "write @ without the backslash"},
      {R"([\_])", R"('\_')", "write _ without the backslash"},
      {R"(\é)", R"('\é')", "write é without the backslash"},
      {R"(\y)", R"('\y')", "write y without the backslash"},
      {"a++", "'+'", "nothing is possessive"},
      {"a*+", "'+'", "nothing is possessive"},
      {"a?+", "'+'", "nothing is possessive"},
      {"a{2}+", "'+'", "nothing is possessive"},
      {"a**", "'*'", "(?:…)*"},
      {"a+??", "'?'", "(?:…)?"},
      {"a{2}{3}", "'{3}'", "(?:…){3}"},
      {"^*", "'*'", "cannot be repeated"},
      {"a$+", "'+'", "cannot be repeated"},
      {R"(\b*)", "'*'", "cannot be repeated"},
      {"a{", "'{'", R"(\{)"},
      {"{a}", "'{'", R"(\{)"},
      {"a{x}", "'{'", R"(\{)"},
      {"a{1, 2}", "'{'", R"(\{)"},
      {"a{1,2", "'{'", R"(\{)"},
      {"a{,3}", "'{,3}'", "{0,"},
      {"a}", "'}'", R"(\})"},
      {"a]", "']'", R"(\])"},
      {"[]", "'[]'", R"([\s\S])"},
      {"[]a]", "'[]'", R"(\])"},
      {"[^]", "'[^]'", R"([\s\S])"},
      {"[^]a]", "'[^]'", R"(\])"},
      {R"([\w-.])", "'-'", R"(\-)"},
      {R"([a-\d])", "'-'", R"(\-)"},
      {"😀+", "'+'", "(?:…)+"},
      {"[😀]", "'😀'", "(?:a|b)"},
      {"[a-😀]", "'😀'", "(?:a|b)"},
  };
  for (const auto& [pattern, construct, advice] : table) {
    const std::string fault = fault_of(pattern);
    EXPECT_NE(fault.find(construct), std::string::npos) << pattern << ": " << fault;
    EXPECT_NE(fault.find(advice), std::string::npos) << pattern << ": " << fault;
  }
}

TEST(patterns, that_nobody_reads_are_refused) {
  EXPECT_EQ(fault_of("(a"), "has a '(' without its ')'");
  EXPECT_EQ(fault_of("a)"), "has a ')' without its '('");
  EXPECT_EQ(fault_of("[a"), "has a '[' without its ']'");
  EXPECT_EQ(fault_of("a\\"), "ends with a lone backslash");
  EXPECT_EQ(fault_of("[a\\"), "ends with a lone backslash");
  EXPECT_EQ(fault_of("[b-a]"), "has the range 'b-a', which runs backwards");
  EXPECT_EQ(fault_of("a{3,2}"), "has '{3,2}', whose least exceeds its greatest");
  for (const char* nothing : {"*", "+a", "?", "a|*", "(*)", "(?:+)", "{2}"}) {
    EXPECT_NE(fault_of(nothing).find("where nothing stands"), std::string::npos) << nothing;
  }
  EXPECT_EQ(fault_of("a{1001}"),
            "repeats something more than 1000 times: use minLength and maxLength");
  EXPECT_EQ(fault_of("a{99999999999999999999}"), fault_of("a{1001}"));
  EXPECT_TRUE(fault_of("((a{1000}){1000}){1000}").starts_with("is more than RE2 takes ("));
  EXPECT_EQ(fault_of("\xFF"), "is no UTF-8 text");
  EXPECT_NE(fault_of(std::string(100'000, '(')), "");
  EXPECT_EQ(fault_of(std::string(100'000, '(') + std::string(100'000, ')')),
            "has more than 100 groups within each other");
}

}  // namespace
}  // namespace longhaul::test
