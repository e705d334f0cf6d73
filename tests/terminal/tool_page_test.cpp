// SPDX-License-Identifier: Apache-2.0
// Text of servers on a terminal: what is taken out of it, how wide it is, and the pages made of it.
#include "terminal/tool_page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "terminal/example_words.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul::terminal {
namespace {

using namespace std::string_literals;

look wide(std::size_t width = 80) { return {.colour = false, .unicode = true, .width = width}; }

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(plain_text, leaves_nothing_that_moves_hides_or_reverses) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"ordinary – text 🚀", "ordinary – text 🚀"},
      {"\x1B[31mred\x1B[0m", "red"},
      {"\x1B[2J\x1B[1;1Hgone", "gone"},
      {"a\x1B]0;title\x07z", "az"},
      {"a\x1B]8;;https://evil.example\x1B\\link\x1B]8;;\x1B\\z", "alinkz"},
      {"a\x1B]0;never ends", "a0;never ends"},
      {"a\x1BPq\x1B\\z", "az"},
      {"a\x1B", "a"},
      {"a\x1B[", "a"},
      {"a\x1B[31", "a"},
      {"a\x1B(Bz", "az"},
      {"a\x1B\x1B[1mz", "az"},
      {"a\xC2\x9B"
       "31mz",
       "az"},
      {"a\xC2\x9D"
       "z\xC2\x85"
       "b",
       "az b"},
      {"a\x08\x07\x7F\x01z", "az"},
      {"a\0z"s, "az"},
      {"one\r\ntwo\nthree\rfour\tfive", "one two three four five"},
      {"a\xE2\x80\xA8z\xE2\x80\xA9y", "a z y"},
      {"\xE2\x80\xAEreversed\xE2\x80\xAC \xE2\x81\xA6x\xE2\x81\xA9\xE2\x80\x8F", "reversed x"},
      {"ze\xE2\x80\x8Bro\xEF\xBB\xBF\xC2\xAD", "zero"},
      {"\xF3\xA0\x81\x81tag", "tag"},
      {"bad \xFF\xC3 bytes", "bad \xEF\xBF\xBD\xEF\xBF\xBD bytes"},
      {"\x9B"
       "31m",
       "\xEF\xBF\xBD"
       "31m"},
      {"e" + std::string(3, 'x'), "exxx"},
      {"", ""},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(plain(text), wanted) << wanted;
}

TEST(plain_text, few_marks_stand_on_one_letter) {
  std::string ornament = "e";
  for (int i = 0; i < 1000; ++i) ornament += "\xCC\x81";
  const std::string left = plain(ornament + "z");
  EXPECT_LT(left.size(), 12U);
  EXPECT_EQ(plain("e\xCC\x81z"), "e\xCC\x81z");
}

TEST(plain_text, every_control_and_every_half_character_is_harmless) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{'a', static_cast<char>(first), static_cast<char>(second)};
      for (const char c : plain(text)) {
        const auto byte = static_cast<unsigned char>(c);
        EXPECT_TRUE(byte >= 0x20 && byte != 0x7F) << first << ' ' << second;
      }
      EXPECT_EQ(plain(plain(text)), plain(text));
    }
  }
}

TEST(plain_text, keeps_lines_where_they_are_wanted) {
  EXPECT_EQ(plain_lines("\n\n  a\r\n\r\nb\x1B[1m\n \n"), "  a\n\nb");
  EXPECT_EQ(plain_lines(" \n "), "");
}

// One would end the quotes of a line for a shell.
TEST(plain_text, in_ascii_makes_no_apostrophe) {
  EXPECT_EQ(in_ascii("'x’;touch y;‘'"), "'x`;touch y;`'");
}
TEST(plain_text, in_ascii) { EXPECT_EQ(in_ascii("“a” – b… é🚀•"), "\"a\" - b... ??*"); }

TEST(plain_text, widths) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("🚀"), 2U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);
  EXPECT_EQ(display_width("é–…█"), 4U);
  EXPECT_EQ(display_width("한글"), 4U);
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("\xE2"), 1U);  // not plain: it may only not crash
}

TEST(plain_text, cuts_and_pads) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 5), "abcd…");
  EXPECT_EQ(cut_to_width("ab cdef", 4), "ab…");
  EXPECT_EQ(cut_to_width("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
  EXPECT_EQ(cut_to_width("abc", 1), "…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
  EXPECT_EQ(cut_to_width("e\xCC\x81"
                         "abc",
                         3),
            "e\xCC\x81"
            "a…");
  EXPECT_EQ(padded("日", 4), "日  ");
  EXPECT_EQ(padded("long", 2), "long");
}

TEST(plain_text, wraps_at_blanks) {
  using lines = std::vector<std::string>;
  EXPECT_EQ(wrapped("one two three", 7), (lines{"one two", "three"}));
  EXPECT_EQ(wrapped("one two three", 8), (lines{"one two", "three"}));
  EXPECT_EQ(wrapped("abcdefgh ij", 3), (lines{"abc", "def", "gh", "ij"}));
  EXPECT_EQ(wrapped("a\n\nb", 5), (lines{"a", "", "b"}));
  EXPECT_EQ(wrapped("  in dented text", 8), (lines{"  in", "  dented", "  text"}));
  EXPECT_EQ(wrapped("日本語", 4), (lines{"日本", "語"}));
  EXPECT_EQ(wrapped("日本", 1), (lines{"日", "本"}));
  EXPECT_EQ(wrapped("ab", 0), (lines{"a", "b"}));
  EXPECT_EQ(wrapped("", 5), lines{});
  EXPECT_EQ(wrapped("   ", 5), lines{""});
  EXPECT_EQ(paragraph("one two", 6, 2), "  one\n  two\n");
}

const char* const render_tool =
    R"({"name":"render","title":"Render a scene","description":)"
    R"("Renders a scene.\nSlow.","inputSchema":{"type":"object",)"
    R"("properties":{"frames":{"type":"integer","minimum":1,)"
    R"("maximum":100,"default":24,"description":"How many frames."},)"
    R"("scene":{"type":"string","description":"Which one it is."},)"
    R"("style":{"enum":["flat","it's"]}},"required":["scene","style"]},)"
    R"("annotations":{"readOnlyHint":false,"destructiveHint":true,)"
    R"("idempotentHint":true,"openWorldHint":false},"execution":)"
    R"({"taskSupport":"optional"},"outputSchema":{"type":"object",)"
    R"("properties":{"path":{"type":"string"}}}})";

TEST(tool_page, shows_all_there_is) {
  EXPECT_EQ(tool_page(raw_json::parse(render_tool), "longhaul call local render", wide()),
            "render – Render a scene\n"
            "  Renders a scene.\n"
            "  Slow.\n"
            "\n"
            "parameters\n"
            "  frames  integer 1 to 100; default 24\n"
            "          How many frames.\n"
            "  scene   text; required\n"
            "          Which one it is.\n"
            "  style   one of flat, it's; required\n"
            "\n"
            "the server says\n"
            "  may overwrite or delete\n"
            "  the same call again changes nothing more\n"
            "  stays with its own data\n"
            "  runs as a task, or at once\n"
            "\n"
            "result\n"
            "  path  text\n"
            "\n"
            "example\n"
            "  longhaul call local render scene='some text' style=flat\n");
}

TEST(tool_page, is_narrow_and_ascii_and_coloured_as_the_terminal_is) {
  const auto tool = raw_json::parse(
      R"({"name":"a_very_long_name_of_a_tool","description":"Ünï – words that go on and on",)"
      R"("inputSchema":{"properties":{"a_rather_long_parameter":{"type":"string",)"
      R"("description":"and its description, which is long as well"}}}})");
  const std::string page =
      tool_page(tool, "call", {.colour = false, .unicode = false, .width = 30});
  for (const std::string& line : lines_in(page)) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_NE(page.find("  ?n? - words that go on and\n  on\n"), std::string::npos) << page;
  EXPECT_NE(page.find("  a_rather_long_parameter\n"), std::string::npos) << page;
  EXPECT_TRUE(std::ranges::all_of(page, [](char c) { return c == '\n' || (c >= ' ' && c < 127); }));
  const std::string coloured =
      tool_page(tool, "call", {.colour = true, .unicode = true, .width = 80});
  EXPECT_TRUE(coloured.starts_with("\x1B[1ma_very_long_name_of_a_tool\x1B[0m\n")) << coloured;
}

// Nothing here is as MCP says; none of it may reach the terminal as it is, or end the program.
TEST(tool_page, of_hostile_tools) {
  for (
      const char* tool :
      {"{}", "null", "[]", "5", R"({"name":5,"inputSchema":[]})",
       R"({"name":"a\u001b[2J\nb","title":"\u202ex\u0007","description":"\u001b]0;t\u0007\r\n\u009b5m",)"
       R"("inputSchema":{"properties":{"p\u001b[1m\n":{"enum":["\u001b[1m\u0000","\n\u202e"],)"
       R"("default":"\u001b[1m","description":"\u001b[31m"}}},"outputSchema":{"properties":)"
       R"({"\u001b[5m":{"pattern":"\u001b[5m","type":"string"}}}})",
       R"({"name":"x","inputSchema":{"$ref":"#"},"outputSchema":{"$ref":"#/x"}})",
       R"({"name":"x","inputSchema":{"properties":{"a":{"$ref":"#/properties/a"},"b":true,"c":5},)"
       R"("required":["d",7]},"annotations":5,"execution":"x"})"}) {
    for (const std::size_t width : {0U, 1U, 10U, 80U}) {
      const std::string page = tool_page(raw_json::parse(tool), "call", wide(width));
      for (const char c : page) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
      EXPECT_EQ(page.find("\xC2\x9B"), std::string::npos);
      EXPECT_EQ(page.find("\xE2\x80\xAE"), std::string::npos);
      EXPECT_NE(page.find("example\n"), std::string::npos);
    }
  }
}

TEST(tool_page, of_many_parameters_is_cut) {
  const auto page_of = [](int count, const std::string& schema) {
    std::string properties;
    for (int i = 0; i < count; ++i) {
      properties += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "\":" + schema;
    }
    return tool_page(
        raw_json::parse(R"({"name":"x","inputSchema":{"properties":{)" + properties + "}}}"),
        "call", wide());
  };
  EXPECT_NE(page_of(500, "{}").find("  and 400 more\n"), std::string::npos);
  EXPECT_EQ(page_of(100, "{}").find(" more\n"), std::string::npos);
  // Each is the whole: what is shown shrinks as what is searched grows.
  EXPECT_LT(lines_in(page_of(3000, R"({"$ref":"#"})")).size(), 120U);
}

TEST(tool_list, is_a_table) {
  const auto tools = raw_json::parse(
      R"([{"name":"render","execution":{"taskSupport":"required"},"description":"\n Renders.\nSlow."},)"
      R"({"name":"a\u001b[1mb","title":"Title","description":"D","execution":{"taskSupport":"optional"}},)"
      R"({"noname":1},5,{"name":"long","description":")" +
      std::string(200, 'x') + R"("}])");
  const auto lines = lines_in(tool_list(tools, wide(40)));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "NAME    TASK    WHAT IT DOES");
  EXPECT_EQ(lines[1], "render  always   Renders.");
  EXPECT_EQ(lines[2], "ab      can be  Title");
  EXPECT_EQ(lines[3], "long            " + std::string(23, 'x') + "…");
}

TEST(tool_list, without_tasks_has_no_column_for_them) {
  const auto tools = raw_json::parse(R"([{"name":"a","description":"d"}])");
  EXPECT_EQ(tool_list(tools, wide()), "NAME  WHAT IT DOES\na     d\n");
  for (const char* none : {"[]", "{}", "null", "[1]"}) {
    EXPECT_EQ(tool_list(raw_json::parse(none), wide()), "no tools\n");
  }
  EXPECT_EQ(tool_list(raw_json(), wide()), "no tools\n");
}

TEST(tool_list, a_name_of_a_million_bytes_is_cut) {
  const auto tools = raw_json::parse(R"([{"name":")" + std::string(1 << 20, 'n') +
                                     R"("},{"name":"a","description":"d"}])");
  EXPECT_LT(tool_list(tools, wide()).size(), 1000U);
}

TEST(example_words, fit_their_schemas) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"type":"integer"})", "1"},
      {R"({"type":"integer","minimum":5})", "5"},
      {R"({"type":"integer","minimum":0})", "1"},
      {R"({"type":"integer","maximum":-3})", "-3"},
      {R"({"type":"number","exclusiveMinimum":7})", "8"},
      {R"({"type":"boolean"})", "true"},
      {R"({"type":"string"})", R"("some text")"},
      {R"({"type":"string","maxLength":2})", R"("x")"},
      {R"({"type":"string","maxLength":0})", R"("")"},
      {R"({"type":"string","format":"email"})", R"("ada@example.org")"},
      {R"({"type":"string","examples":["Ada"]})", R"("Ada")"},
      {R"({"type":"string","default":"preset"})", R"("preset")"},
      {R"({"type":["null","integer"],"default":null})", "1"},
      {R"({"enum":["a","b"]})", R"("a")"},
      {R"({"type":"array","items":{"type":"integer"}})", "[1]"},
      {R"({"type":"object","required":["a"],"properties":{"a":{"type":"boolean"}}})",
       R"({"a":true})"},
      {R"({"type":"null"})", "null"},
      {"true", R"("some text")"},
      {R"({"$ref":"#"})", R"("some text")"},
      {R"({"type":"array","items":{"$ref":"#"}})", "[[[[]]]]"},
  };
  for (const auto& [schema, wanted] : cases) {
    const auto text = raw_json::parse(schema);
    EXPECT_EQ(example_value(json::value(text), json::value(text)), wanted) << schema;
  }
}

TEST(example_words, are_words_for_a_shell) {
  const auto schema = raw_json::parse(
      R"({"properties":{"list":{"type":"array","items":{"enum":["a b"]}},"at":{"default":"@x"},)"
      R"("o":{"type":"object"},"it's":{"const":1}},"required":["list","at","o","it's"]})");
  EXPECT_EQ(example_words(parameter_list(schema)), R"(list='a b' at=@@x o:='{}' 'it'\''s=1')");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("$(rm)\n"), "'$(rm) '");
}

}  // namespace
}  // namespace longhaul::terminal
