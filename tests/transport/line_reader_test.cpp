// SPDX-License-Identifier: Apache-2.0
// How bytes of a pipe become lines, whatever the pieces they come in.
#include "transport/line_reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/seed.hpp"

namespace longhaul::transport {
namespace {

struct cut {
  std::vector<std::string> lines;
  int too_long = 0;
  bool operator==(const cut&) const = default;
};

void PrintTo(const cut& c, std::ostream* out) {
  *out << c.too_long << " too long;";
  for (const std::string& line : c.lines) *out << " [" << line << "]";
}

template <class Pieces>
cut read(const Pieces& pieces, std::size_t max_line = 1000) {
  line_reader reader(max_line);
  cut result;
  const auto on_line = [&](std::string line) { result.lines.push_back(std::move(line)); };
  for (const auto& piece : pieces) reader.put(piece, on_line, [&] { ++result.too_long; });
  reader.end(on_line);
  return result;
}

cut read_whole(std::string_view text, std::size_t max_line = 1000) {
  return read(std::vector<std::string_view>{text}, max_line);
}

using lines = std::vector<std::string>;

TEST(line_reader, cuts_at_line_feeds) {
  EXPECT_EQ(read_whole("a\nbc\n").lines, (lines{"a", "bc"}));
}

TEST(line_reader, the_last_line_may_lack_its_break) {
  EXPECT_EQ(read_whole("a\nbc").lines, (lines{"a", "bc"}));
  EXPECT_EQ(read_whole("bc").lines, (lines{"bc"}));
}

TEST(line_reader, carriage_returns_before_the_break_are_dropped_others_stay) {
  EXPECT_EQ(read_whole("a\r\nb\rc\r\nd\r").lines, (lines{"a", "b\rc", "d"}));
}

TEST(line_reader, empty_and_blank_lines_are_skipped) {
  EXPECT_EQ(read_whole("\n\r\n  \t\na\n\n\nb\n\n").lines, (lines{"a", "b"}));
  EXPECT_EQ(read_whole(""), cut());
}

TEST(line_reader, a_byte_order_mark_is_skipped_at_the_very_start_only) {
  EXPECT_EQ(read_whole("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}\n").lines, (lines{"{}", "\xEF\xBB\xBF{}"}));
  EXPECT_EQ(read_whole("\xEF\xBB\xBF\n{}\n").lines, (lines{"{}"}));
}

TEST(line_reader, bytes_that_are_no_utf8_pass_through) {
  EXPECT_EQ(read_whole(std::string_view("\xFF\xFE\0x\n", 5)).lines,
            (lines{std::string("\xFF\xFE\0x", 4)}));
}

TEST(line_reader, a_line_beyond_the_bound_is_reported_once_and_the_next_is_read) {
  const cut result = read_whole("123456\n12345\n1234567890123\nok\n", 5);
  EXPECT_EQ(result.too_long, 2);
  EXPECT_EQ(result.lines, (lines{"12345", "ok"}));
}

TEST(line_reader, an_overlong_line_without_end_is_reported_before_its_end) {
  line_reader reader(5);
  int reported = 0;
  for (int i = 0; i < 100; ++i) {
    reader.put("xxxx", [](const std::string& line) { FAIL() << line; }, [&] { ++reported; });
    EXPECT_EQ(reported, i > 0 ? 1 : 0);
  }
  reader.end([](const std::string& line) { FAIL() << line; });
}

TEST(line_reader, any_split_gives_the_same_lines) {
  std::mt19937_64 random(longhaul::test::random_seed());
  const std::vector<std::string> tokens = {"a",    "{\"x\":1}", "\r",        "\n",
                                           "\n",   "\r\n",      " ",         "\xEF\xBB\xBF",
                                           "\xEF", "\xC3\xA9",  "0123456789"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t n = random() % 30; n > 0; --n) text += tokens[random() % tokens.size()];
    const std::size_t bound = 1 + random() % 20;
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 5;
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    ASSERT_EQ(read(pieces, bound), read_whole(text, bound)) << text;
  }
}

}  // namespace
}  // namespace longhaul::transport
