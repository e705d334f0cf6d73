// SPDX-License-Identifier: Apache-2.0
#include "terminal/tty_console.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

namespace longhaul::terminal {
namespace {

class TtyConsole : public testing::Test {
 protected:
  TtyConsole() {
    int master = -1, slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
      throw std::runtime_error("openpty");
    }
    user_ = descriptor(master);
    terminal_ = descriptor(slave);
    resize(100, 30);
  }

  void resize(unsigned short columns, unsigned short rows) {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = rows;
    ASSERT_EQ(::ioctl(user_.get(), TIOCSWINSZ, &size), 0);
  }
  static void put(const descriptor& to, std::string_view text) {
    ASSERT_EQ(::write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void type(std::string_view text) { put(user_, text); }
  std::string shown(std::size_t bytes) {
    std::string text;
    std::array<char, 1024> part{};
    while (text.size() < bytes) {
      const ssize_t got = ::read(user_.get(), part.data(), part.size());
      if (got <= 0) break;
      text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  variables environment() {
    return [this](const std::string& name) {
      const auto at = set_.find(name);
      return at == set_.end() ? std::nullopt : std::optional(at->second);
    };
  }
  tty_console make() { return {terminal_.get(), terminal_.get(), environment(), &wake_}; }

  std::map<std::string, std::string> set_ = {{"TERM", "xterm"}, {"LANG", "en_US.UTF-8"}};
  descriptor user_, terminal_;
  wake_event wake_;
};

// Both ends of a pipe.
struct pipe_ends {
  pipe_ends() {
    std::array<int, 2> both{};
    if (::pipe2(both.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    out = descriptor(both[0]);
    into = descriptor(both[1]);
  }
  descriptor out, into;
};

TEST_F(TtyConsole, IsInteractiveOnATerminalOnly) {
  const pipe_ends pipe;
  EXPECT_TRUE(make().interactive());
  EXPECT_FALSE(tty_console(pipe.out.get(), terminal_.get(), environment()).interactive());
  EXPECT_FALSE(tty_console(terminal_.get(), pipe.into.get(), environment()).interactive());
  EXPECT_FALSE(tty_console(-1, -1, environment()).interactive());
}

TEST_F(TtyConsole, HasTheWidthOfTheTerminal) {
  const tty_console console = make();
  set_["COLUMNS"] = "55";
  EXPECT_EQ(console.looks().width, 100U);
  EXPECT_EQ(console.rows(), 30U);
  resize(40, 10);
  EXPECT_EQ(console.looks().width, 40U);
  EXPECT_EQ(console.rows(), 10U);
  resize(0, 0);
  EXPECT_EQ(console.looks().width, 55U);
  EXPECT_EQ(console.rows(), 24U);
  set_["COLUMNS"] = "many";
  EXPECT_EQ(console.looks().width, 80U);
  set_["COLUMNS"] = "999999999";
  EXPECT_EQ(console.looks().width, 2000U);
}

TEST_F(TtyConsole, HasColoursWhereTheyAreWanted) {
  const tty_console console = make();
  EXPECT_TRUE(console.looks().colour);
  EXPECT_TRUE(console.redraws());
  set_["NO_COLOR"] = "";
  EXPECT_TRUE(console.looks().colour) << "empty does not count (no-color.org)";
  set_["NO_COLOR"] = "1";
  EXPECT_FALSE(console.looks().colour);
  EXPECT_TRUE(console.redraws());
  set_.erase("NO_COLOR");
  set_["TERM"] = "dumb";
  EXPECT_FALSE(console.looks().colour);
  EXPECT_FALSE(console.redraws());
  set_["TERM"] = "xterm";
  const pipe_ends pipe;
  const tty_console piped(terminal_.get(), pipe.into.get(), environment());
  EXPECT_FALSE(piped.looks().colour);
  EXPECT_FALSE(piped.redraws());
}

TEST_F(TtyConsole, HasTheCharactersOfTheLocale) {
  const tty_console console = make();
  EXPECT_TRUE(console.looks().unicode);
  set_["LC_CTYPE"] = "C";
  EXPECT_FALSE(console.looks().unicode);
  set_["LC_ALL"] = "C.utf8";
  EXPECT_TRUE(console.looks().unicode);
  set_["LC_ALL"] = "";
  EXPECT_FALSE(console.looks().unicode) << "empty is not set";
  set_["LC_ALL"] = "de_DE.ISO-8859-1";
  set_["LC_CTYPE"] = "de_DE.UTF-8";
  EXPECT_FALSE(console.looks().unicode);
  set_.clear();
  EXPECT_FALSE(console.looks().unicode);
}

TEST_F(TtyConsole, WritesAndReads) {
  tty_console console = make();
  console.write("name? ");
  EXPECT_EQ(shown(6), "name? ");
  type("Ann\nBob\n");
  EXPECT_EQ(console.read_line(), "Ann");
  EXPECT_EQ(console.read_line(), "Bob");
  type("\n");
  EXPECT_EQ(console.read_line(), "");
}

TEST_F(TtyConsole, EndsWithCtrlD) {
  tty_console console = make();
  type("\x04");
  EXPECT_EQ(console.read_line(), std::nullopt);
}

TEST_F(TtyConsole, EndsWithItsTerminal) {
  tty_console console = make();
  user_ = descriptor();
  EXPECT_EQ(console.read_line(), std::nullopt);
  console.write("nobody reads this");
}

TEST_F(TtyConsole, IsInterruptedBeforeAndWhileItReads) {
  tty_console console = make();
  type("half a li");
  std::thread other([&] { wake_.set(); });
  EXPECT_EQ(console.read_line(), std::nullopt);
  other.join();
  EXPECT_EQ(console.read_line(), std::nullopt) << "it stays so";
}

TEST_F(TtyConsole, MakesWhatWasTypedHarmless) {
  const pipe_ends pipe;
  tty_console console(pipe.out.get(), terminal_.get(), environment());
  put(pipe.into, "a\xff\x1b[D\x01z\r\n\xc3\xbc\n");
  EXPECT_EQ(console.read_line(), "a\uFFFDz");
  EXPECT_EQ(console.read_line(), "ü");
}

TEST_F(TtyConsole, TakesALastLineWithoutAnEnd) {
  pipe_ends pipe;
  tty_console console(pipe.out.get(), terminal_.get(), environment());
  put(pipe.into, "one\ntwo");
  pipe.into = descriptor();
  EXPECT_EQ(console.read_line(), "one");
  EXPECT_EQ(console.read_line(), "two");
  EXPECT_EQ(console.read_line(), std::nullopt);
}

TEST_F(TtyConsole, CutsALineThatIsTooLong) {
  pipe_ends pipe;
  tty_console console(pipe.out.get(), terminal_.get(), environment());
  std::thread other([&] {
    put(pipe.into, std::string(300'000, 'x'));
    put(pipe.into, "\nnext\n");
  });
  EXPECT_EQ(console.read_line(), std::string(64 << 10, 'x'));
  EXPECT_EQ(console.read_line(), "next");
  other.join();
}

TEST_F(TtyConsole, WritesAllOfALongText) {
  pipe_ends pipe;
  ASSERT_EQ(::fcntl(pipe.into.get(), F_SETFL, O_NONBLOCK), 0);
  tty_console console(terminal_.get(), pipe.into.get(), environment());
  std::string text;
  std::thread other([&] {
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(pipe.out.get(), part.data(), part.size())) > 0;) {
      text.append(part.data(), static_cast<std::size_t>(got));
    }
  });
  std::string wanted;
  for (int i = 0; i < 100'000; ++i) wanted += std::to_string(i);
  console.write(wanted);
  pipe.into = descriptor();
  other.join();
  EXPECT_TRUE(text == wanted);
}

}  // namespace
}  // namespace longhaul::terminal
