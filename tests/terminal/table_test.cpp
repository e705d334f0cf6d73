// SPDX-License-Identifier: Apache-2.0
#include "terminal/table.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "terminal/plain_text.hpp"

namespace longhaul::terminal {
namespace {

constexpr look table_look(std::size_t width) {
  return {.colour = false, .unicode = true, .width = width};
}

const std::vector<table_column> task_columns = {
    {.title = "ID"}, {.title = "TOOL"}, {.title = "DONE", .right = true}, {.title = "MESSAGE"}};

TEST(Table, AlignsColumnsUnderTheirTitles) {
  EXPECT_EQ(table_text(task_columns,
                       {{"01hxabcd", "render", "40 %", "frame 4"},
                        {"01hxab", "compress", "100 %", ""},
                        {"01", "x", "", "done"}},
                       table_look(80)),
            "ID        TOOL       DONE  MESSAGE\n"
            "01hxabcd  render     40 %  frame 4\n"
            "01hxab    compress  100 %\n"
            "01        x                done\n");
}

TEST(Table, CountsColumnsNotBytes) {
  EXPECT_EQ(
      table_text(task_columns,
                 {{"映画", "cafe\u0301", "5", "wide"}, {"abcde", "ü", "\U0001F600", "combining"}},
                 table_look(80)),
      "ID     TOOL  DONE  MESSAGE\n"
      "映画   cafe\u0301     5  wide\n"
      "abcde  ü       \U0001F600  combining\n");
}

TEST(Table, CutsTheLastColumnOnly) {
  const std::vector<std::vector<std::string>> rows = {
      {"01hxabcd", "render", "40 %", "映画を描く道具 and more of it"}};
  EXPECT_EQ(table_text(task_columns, rows, table_look(36)),
            "ID        TOOL    DONE  MESSAGE\n"
            "01hxabcd  render  40 %  映画を描く…\n");
  EXPECT_EQ(table_text(task_columns, rows, table_look(10)),
            "ID        TOOL    DONE  MESSAGE\n"
            "01hxabcd  render  40 %  映画を描…\n")
      << "ids are whole, and the last column keeps ten";
  EXPECT_EQ(table_text(task_columns, rows, table_look(0)),
            "ID        TOOL    DONE  MESSAGE\n"
            "01hxabcd  render  40 %  映画を描く道具 and more of it\n");
}

TEST(Table, MakesHostileCellsHarmless) {
  EXPECT_EQ(
      table_text({{.title = "A"}, {.title = "B"}},
                 {{"x\ny", "\x1b]0;title\a\x1b[31mred"}, {"\xff", "tab\tbed"}}, table_look(80)),
      "A    B\n"
      "x y  red\n"
      "\uFFFD    tab bed\n");
}

TEST(Table, KeepsToAsciiWhereThereIsNothingElse) {
  const look ascii{.colour = false, .unicode = false, .width = 14};
  EXPECT_EQ(table_text({{.title = "A"}, {.title = "B"}}, {{"ü", "a long message"}}, ascii),
            "A  B\n"
            "?  a long me..\n");
}

TEST(Table, TakesRowsThatAreTooShortOrTooLong) {
  EXPECT_EQ(
      table_text({{.title = "A"}, {.title = "B"}}, {{}, {"1"}, {"1", "2", "3"}}, table_look(80)),
      "A  B\n\n1\n1  2\n");
  EXPECT_EQ(table_text({{.title = "A"}}, {}, table_look(80)), "A\n");
  EXPECT_EQ(table_text({}, {{"1"}}, table_look(80)), "");
}

TEST(Table, ColoursOnlyTheTitles) {
  look coloured = table_look(80);
  coloured.colour = true;
  EXPECT_EQ(table_text({{.title = "A"}}, {{"1"}}, coloured), "\x1b[1mA\x1b[0m\n1\n");
}

TEST(Table, FitsTheTerminalAtAnyWidth) {
  const std::vector<std::vector<std::string>> rows = {
      {"01hxabcd", "render", "40 %", "映画を描く道具 and more of it"}};
  for (std::size_t width = 34; width < 80; ++width) {
    std::istringstream lines(table_text(task_columns, rows, table_look(width)));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), width);
  }
}

}  // namespace
}  // namespace longhaul::terminal
