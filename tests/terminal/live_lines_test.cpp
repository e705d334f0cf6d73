// SPDX-License-Identifier: Apache-2.0
#include "terminal/live_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "support/seed.hpp"
#include "terminal/plain_text.hpp"

namespace longhaul::terminal {
namespace {

// A terminal as far as `live_lines` goes: ASCII and the mark of what was cut (shown as `>`), `\r`,
// `\n`, CSI A, J, K and m; it wraps, scrolls, and breaks its lines anew when it becomes narrower or
// wider, as most do.
class emulated final : public console {
 public:
  explicit emulated(std::size_t width, std::size_t height) : width_(width), height_(height) {}

  bool interactive() const override { return true; }
  look looks() const override { return {.colour = true, .unicode = true, .width = width_}; }
  std::optional<std::string> read_line() override { return std::nullopt; }

  void write(std::string_view text) override {
    ++writes;
    while (!text.empty()) {
      if (text.starts_with("\x1b[")) {
        const std::size_t end = text.find_first_not_of("0123456789;", 2);
        obey(text[end], std::string(text.substr(2, end - 2)));
        text.remove_prefix(end + 1);
      } else if (text.starts_with("…")) {
        put('>');
        text.remove_prefix(std::string_view("…").size());
      } else {
        put(text.front());
        text.remove_prefix(1);
      }
    }
  }

  // The user resizes it. Rows that are one line to the terminal are broken anew.
  void resize(std::size_t width) {
    std::vector<std::string> lines;
    std::size_t cursor_line = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const bool goes_on = i > 0 && rows_[i - 1].wrapped;
      if (goes_on) {
        lines.back() += rows_[i].text;
      } else {
        lines.push_back(rows_[i].text);
      }
      if (i == row_) cursor_line = lines.size() - 1;
    }
    rows_.clear();
    width_ = width;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i == cursor_line) row_ = rows_.size();
      for (std::size_t at = 0; at == 0 || at < lines[i].size(); at += width) {
        rows_.push_back({lines[i].substr(at, width), at + width < lines[i].size()});
      }
    }
    column_ = std::min(column_, width - 1);
  }

  // All rows, those that scrolled away too, without blanks behind them and empty ones at the end.
  std::string screen() const {
    std::string all;
    for (const screen_row& one : rows_) {
      all += one.text.substr(0, one.text.find_last_not_of(' ') + 1) + "\n";
    }
    all.erase(all.find_last_not_of('\n') + 1);
    return all;
  }
  std::size_t row() const { return row_; }
  std::size_t column() const { return column_; }

  int writes = 0;

 private:
  struct screen_row {
    std::string text;
    bool wrapped = false;
  };

  screen_row& here() {
    if (row_ >= rows_.size()) rows_.resize(row_ + 1);
    return rows_[row_];
  }
  std::size_t top() const { return rows_.size() > height_ ? rows_.size() - height_ : 0; }

  void put(char c) {
    if (c == '\r') {
      column_ = 0;
      full_ = false;
    } else if (c == '\n') {
      ++row_;
      here();
      full_ = false;
    } else {
      ASSERT_TRUE(c >= ' ' && c < 0x7f) << int{c};
      if (full_) {
        here().wrapped = true;
        ++row_;
        column_ = 0;
        here();
      }
      std::string& text = here().text;
      if (text.size() <= column_) text.resize(column_ + 1, ' ');
      text[column_] = c;
      full_ = column_ + 1 == width_;
      if (!full_) ++column_;
    }
  }

  void obey(char order, const std::string& number) {
    const std::size_t count = number.empty() ? 1 : std::stoul(number);
    if (order == 'A') {
      row_ -= std::min(count, row_ - std::min(row_, top()));
    } else if (order == 'K') {
      here().text.resize(std::min(here().text.size(), column_));
      here().wrapped = false;
    } else if (order == 'J') {
      here().text.resize(std::min(here().text.size(), column_));
      rows_.resize(row_ + 1);
      here().wrapped = false;
    } else {
      ASSERT_EQ(order, 'm');
    }
  }

  std::size_t width_, height_;
  std::vector<screen_row> rows_;
  std::size_t row_ = 0, column_ = 0;
  bool full_ = false;  // the last column is written, and the next character begins a row
};

TEST(LiveLines, DrawsInPlaceWithOneWrite) {
  emulated terminal(20, 10);
  terminal.write("$ longhaul\r\n");
  live_lines lines(terminal);
  lines.draw({"one 10 %", "two 20 %"});
  EXPECT_EQ(terminal.screen(), "$ longhaul\none 10 %\ntwo 20 %");
  const int before = terminal.writes;
  lines.draw({"one 1 %", "two 30 %"});
  EXPECT_EQ(terminal.writes, before + 1);
  EXPECT_EQ(terminal.screen(), "$ longhaul\none 1 %\ntwo 30 %") << "nothing is left of the longer";
  lines.draw({"one 1 %", "two 30 %"});
  EXPECT_EQ(terminal.writes, before + 1) << "nothing changed";
}

TEST(LiveLines, TakesMoreAndFewerLines) {
  emulated terminal(20, 10);
  live_lines lines(terminal);
  lines.draw({"a"});
  lines.draw({"a", "b", "c"});
  EXPECT_EQ(terminal.screen(), "a\nb\nc");
  lines.draw({"c"});
  EXPECT_EQ(terminal.screen(), "c");
  EXPECT_EQ(terminal.row(), 1U);
  lines.draw({});
  EXPECT_EQ(terminal.screen(), "");
  EXPECT_EQ(terminal.row(), 0U);
}

TEST(LiveLines, NeverWraps) {
  emulated terminal(10, 10);
  live_lines lines(terminal);
  lines.draw({"0123456789", "x"});
  EXPECT_EQ(terminal.screen(), "0123456789\nx") << "a full line keeps its last character";
  lines.draw({"9876543210", "y"});
  EXPECT_EQ(terminal.screen(), "9876543210\ny");
}

TEST(LiveLines, CutsWhatIsTooWideBehindItsColours) {
  struct recorder final : console {
    bool interactive() const override { return true; }
    look looks() const override { return {.colour = true, .unicode = true, .width = 10}; }
    void write(std::string_view text) override { written += text; }
    std::optional<std::string> read_line() override { return std::nullopt; }
    std::string written;
  } terminal;
  live_lines lines(terminal);
  lines.draw({"\x1b[31mred\x1b[0m and more of it", "\x1b[32mgreen\x1b[0m  x"});
  EXPECT_EQ(terminal.written,
            "\r\x1b[K\x1b[31mred\x1b[0m and m…\x1b[0m\r\n\x1b[32mgreen\x1b[0m  x\x1b[K\r\n\x1b[J");
}

TEST(LiveLines, PrintsAboveWhatStays) {
  emulated terminal(20, 10);
  live_lines lines(terminal);
  lines.draw({"one 10 % xxxxxx", "two 20 %"});
  const int before = terminal.writes;
  lines.print_above("log 1\nlog 2");
  EXPECT_EQ(terminal.writes, before + 1);
  EXPECT_EQ(terminal.screen(), "log 1\nlog 2\none 10 % xxxxxx\ntwo 20 %");
  lines.print_above("a text that is wider than the terminal\n");
  lines.draw({"one 20 %"});
  EXPECT_EQ(terminal.screen(), "log 1\nlog 2\na text that is wider\n than the terminal\none 20 %");
  lines.clear();
  lines.print_above("end");
  EXPECT_EQ(terminal.screen(), "log 1\nlog 2\na text that is wider\n than the terminal\nend");
}

TEST(LiveLines, ErasesItself) {
  emulated terminal(20, 10);
  terminal.write("before\r\n");
  live_lines lines(terminal);
  lines.clear();
  EXPECT_EQ(terminal.writes, 1) << "there is nothing to erase";
  lines.draw({"a", "b"});
  lines.clear();
  EXPECT_EQ(terminal.screen(), "before");
  EXPECT_EQ(terminal.row(), 1U);
  EXPECT_EQ(terminal.column(), 0U);
  lines.draw({"c"});
  lines.keep();
  lines.draw({"d"});
  EXPECT_EQ(terminal.screen(), "before\nc\nd");
}

TEST(LiveLines, FollowsATerminalThatIsResized) {
  emulated terminal(40, 12);
  terminal.write("before\r\n");
  live_lines lines(terminal);
  const std::string wide = "0123456789012345678901234567890123456789";
  lines.draw({wide, "short", wide.substr(0, 25)});
  terminal.resize(10);
  EXPECT_EQ(terminal.screen(),
            "before\n0123456789\n0123456789\n0123456789\n0123456789\nshort\n0123456789\n"
            "0123456789\n01234");
  lines.draw({"0123456789", "short", "end"});
  EXPECT_EQ(terminal.screen(), "before\n0123456789\nshort\nend");
  terminal.resize(40);
  lines.draw({wide, "short", "end"});
  EXPECT_EQ(terminal.screen(), "before\n" + wide + "\nshort\nend");
  terminal.resize(20);
  lines.print_above("log");
  EXPECT_EQ(terminal.screen(), "before\nlog\n0123456789012345678>\nshort\nend");
}

TEST(LiveLines, ErasesWhatTheUserTypedMeanwhile) {
  emulated terminal(20, 10);
  live_lines lines(terminal);
  lines.draw({"a", "b"});
  terminal.write("^C");
  lines.draw({"c", "d"});
  EXPECT_EQ(terminal.screen(), "c\nd");
}

TEST(LiveLines, StaysTidyAtTheBottomOfTheTerminal) {
  emulated terminal(20, 4);
  terminal.write("1\r\n2\r\n3\r\n4\r\n5\r\n");
  live_lines lines(terminal);
  for (int i = 0; i < 5; ++i) lines.draw({"a" + std::to_string(i), "b", "c"});
  lines.print_above("6");
  EXPECT_EQ(terminal.screen(), "1\n2\n3\n4\n5\n6\na4\nb\nc");
}

// Whatever happens, above stands what was printed there, and below the last lines.
TEST(LiveLines, IsTidyAfterAnything) {
  const auto seed = test::random_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(random() % most); };
  for (int round = 0; round < 50; ++round) {
    emulated terminal(30, 40);
    live_lines lines(terminal);
    std::string above, shown;
    std::size_t width = 30;
    for (int step = 0; step < 40; ++step) {
      if (below(4) == 0) terminal.resize(width = 10 + below(30));
      if (below(3) == 0) {
        const std::string text(1 + below(9), 'l');
        lines.print_above(text);
        above += text + "\n";
      }
      std::vector<std::string> next;
      for (std::size_t i = below(5); i > 0; --i) {
        next.emplace_back(1 + below(width), static_cast<char>('a' + step % 26));
      }
      shown.clear();
      for (const std::string& line : next) shown += line + "\n";
      lines.draw(next);
      std::string wanted = above + shown;
      wanted.erase(wanted.find_last_not_of('\n') + 1);
      ASSERT_EQ(terminal.screen(), wanted);
    }
  }
}

}  // namespace
}  // namespace longhaul::terminal
