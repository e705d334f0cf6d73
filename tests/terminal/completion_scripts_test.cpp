// SPDX-License-Identifier: Apache-2.0
// The scripts in the shells themselves: someone types at a terminal and presses Tab, and a program
// of that name tells what it was asked and what it was called with.
#include "terminal/completion_scripts.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::terminal {
namespace {

constexpr std::string_view program = R"sh(#!/bin/sh
folder=${0%/*}
if [ "$1" = __complete ]; then
  shift 2
  printf '<%s>' "$@" > "$folder/asked"
  cat "$folder/answer"
else
  { printf '<%s>' "$@"; echo; } > "$folder/called"
  echo DO''NE
fi
)sh";

// A shell at a terminal of its own.
class typing_shell {
 public:
  typing_shell(const std::string& folder, const std::vector<std::string>& command) {
    int master = -1;
    winsize size{};
    size.ws_col = 200;
    size.ws_row = 50;
    child_ = ::forkpty(&master, nullptr, nullptr, &size);
    if (child_ < 0) throw std::runtime_error("forkpty");
    if (child_ == 0) become(folder, command);
    terminal_ = descriptor(master);
    wait_for_text("READY>");
  }
  ~typing_shell() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  typing_shell(const typing_shell&) = delete;
  typing_shell& operator=(const typing_shell&) = delete;

  void type(std::string_view keys) {
    ASSERT_EQ(::write(terminal_.get(), keys.data(), keys.size()),
              static_cast<ssize_t>(keys.size()));
  }
  // Reads until that is shown; all that was, up to there.
  std::string wait_for_text(std::string_view wanted) {
    std::array<char, 4096> part{};
    while (seen_.find(wanted) == std::string::npos) {
      pollfd ready{terminal_.get(), POLLIN, 0};
      const ssize_t got =
          ::poll(&ready, 1, 60'000) == 1 ? ::read(terminal_.get(), part.data(), part.size()) : -1;
      if (got <= 0) throw std::runtime_error("never shown: " + std::string(wanted) + "\n" + seen_);
      seen_.append(part.data(), static_cast<std::size_t>(got));
    }
    const std::size_t end = seen_.find(wanted) + wanted.size();
    std::string result = seen_.substr(0, end);
    seen_.erase(0, end);
    return result;
  }

 private:
  [[noreturn]] static void become(const std::string& folder,
                                  const std::vector<std::string>& command) {
    const std::string path = "PATH=" + folder + ":/usr/local/bin:/usr/bin:/bin";
    const std::string home = "HOME=" + folder;
    std::vector<const char*> environment = {path.c_str(),   home.c_str(),   "TERM=vt100",
                                            "PS1=READY>",   "LANG=C.UTF-8", "PROMPT=READY>",
                                            "ZDOTDIR=/dev", nullptr};
    std::vector<const char*> arguments;
    for (const std::string& word : command) arguments.push_back(word.c_str());
    arguments.push_back(nullptr);
    if (::chdir(folder.c_str()) == 0) {
      ::execvpe(arguments.front(), const_cast<char**>(arguments.data()),
                const_cast<char**>(environment.data()));
    }
    ::_exit(127);
  }

  pid_t child_ = -1;
  descriptor terminal_;
  std::string seen_;
};

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct tab_case {
  std::string keys;    // Tab is \t
  std::string answer;  // of the program
  std::string asked, called;
};

// What bash and zsh must do alike.
const std::vector<tab_case> tab_cases = {
    {"longhaul call fil\t", "files\tthe server\n", "<call><fil>", "<call><files>"},
    {"longhaul call \t", "files\n", "<call><>", "<call><files>"},
    {"longhaul call f n=re\t", "n=red\tcolour\n", "<call><f><n=re>", "<call><f><n=red>"},
    {"longhaul call f n=\t", "n=red\n", "<call><f><n=>", "<call><f><n=red>"},
    {"longhaul call f n:=\t", "n:=[1]\n", "<call><f><n:=>", "<call><f><n:=[1]>"},
    {"longhaul call f na\tx", "name=\tsay who\n", "<call><f><na>", "<call><f><name=x>"},
    {"longhaul tools http://local\t", "http://localhost:8080/mcp\n", "<tools><http://local>",
     "<tools><http://localhost:8080/mcp>"},
    {"longhaul tools http://localhost:8\t", "http://localhost:8080/mcp\n",
     "<tools><http://localhost:8>", "<tools><http://localhost:8080/mcp>"},
    {"longhaul call n=a:b=c\t", "n=a:b=cd\n", "<call><n=a:b=c>", "<call><n=a:b=cd>"},
    {"longhaul call my\t", "my file\n", "<call><my>", "<call><my file>"},
    {"longhaul call my\\ f\t", "my file\n", "<call><my f>", "<call><my file>"},
    {"longhaul call n=my\t", "n=my file\n", "<call><n=my>", "<call><n=my file>"},
    {"longhaul call \"my f\t", "my file\n", "<call><my f>", "<call><my file>"},
    {"longhaul call 'my f\t", "my file\n", "<call><my f>", "<call><my file>"},
    {"longhaul call 'a b' 'c\\d' \"e\\\"\" x\t", "xy\n", "<call><a b><c\\d><e\"><x>",
     "<call><a b><c\\d><e\"><xy>"},
    {"longhaul a\t", "a$(touch pwned)`touch pwned`;'\"\\\n", "<a>",
     "<a$(touch pwned)`touch pwned`;'\"\\>"},
    {"longhaul fil\t call", "files\n", "<fil>", "<files><call>"},
    {"longhaul ab\t", "abc-one\tfirst\nabc-two\tsecond\n", "<ab>", "<abc->"},
    {"longhaul call @ar\t", "", "<call><@ar>", "<call><@ar>"},
    {"longhaul call some-fi\t", "", "<call><some-fi>", "<call><some-file>"},
};

class CompletionScripts : public testing::Test {
 protected:
  CompletionScripts() {
    root_.write("longhaul", program);
    std::filesystem::permissions(root_.file("longhaul"), std::filesystem::perms::owner_all);
    root_.write("some-file", "");
    for (const std::string_view shell : completion_shells()) {
      root_.write("script." + std::string(shell), completion_script(shell));
    }
  }

  void check_typed(typing_shell& shell, const tab_case& one) {
    SCOPED_TRACE(one.keys);
    root_.write("answer", one.answer);
    root_.write("asked", "");
    shell.type(one.keys);
    shell.type("\n");
    shell.wait_for_text("DONE");
    shell.wait_for_text("READY>");
    EXPECT_EQ(contents(root_.file("asked")), one.asked);
    EXPECT_EQ(contents(root_.file("called")), one.called + "\n");
    EXPECT_FALSE(std::filesystem::exists(root_.file("pwned")));
  }

  // What fish would suggest.
  std::string fish(const std::string& typed, const std::string& answer) {
    root_.write("answer", answer);
    root_.write("asked", "");
    root_.write("typed", typed);
    const std::string command = "cd '" + root_.path() + "' && PATH=\"$PWD:$PATH\" HOME=\"$PWD\" " +
                                "LANG=C.UTF-8 fish --no-config -c 'source script.fish; " +
                                "complete -C (cat typed)' > shown 2> errors";
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(contents(root_.file("errors")), "");
    return contents(root_.file("shown"));
  }

  test::temporary_folder root_;
};

TEST_F(CompletionScripts, AreThereForEachShell) {
  EXPECT_EQ(completion_shells(), (std::vector<std::string_view>{"bash", "zsh", "fish"}));
  EXPECT_THROW(completion_script("tcsh"), std::invalid_argument);
}

TEST_F(CompletionScripts, CompleteInBash) {
  typing_shell shell(root_.path(), {"bash", "--norc", "--noprofile", "-i"});
  shell.type("source script.bash; echo SOUR''CED\n");
  shell.wait_for_text("SOURCED");
  shell.wait_for_text("READY>");
  for (const tab_case& one : tab_cases) check_typed(shell, one);
}

TEST_F(CompletionScripts, ListWithDescriptionsInBash) {
  typing_shell shell(root_.path(), {"bash", "--norc", "--noprofile", "-i"});
  shell.type("source script.bash; echo SOUR''CED\n");
  shell.wait_for_text("SOURCED");
  shell.wait_for_text("READY>");
  root_.write("answer", "n=one\tthe first\nn=three\tthe third\n");
  shell.type("longhaul n=\t\t");
  const std::string shown = shell.wait_for_text("the third)");
  EXPECT_NE(shown.find("one    (the first)"), std::string::npos) << shown;
}

TEST_F(CompletionScripts, CompleteInZsh) {
  typing_shell shell(root_.path(), {"zsh", "-f", "-i"});
  shell.type(
      "autoload -Uz compinit; compinit -u -D; source script.zsh; unsetopt bang_hist; "
      "echo SOUR''CED\n");
  shell.wait_for_text("SOURCED");
  shell.wait_for_text("READY>");
  for (const tab_case& one : tab_cases) check_typed(shell, one);
  root_.write("answer", "n=one\tthe first\nn=three\tthe third\n");
  shell.type("longhaul n=\t\t");
  const std::string shown = shell.wait_for_text("the third");
  EXPECT_NE(shown.find("-- the first"), std::string::npos) << shown;
}

TEST_F(CompletionScripts, CompleteInFish) {
  EXPECT_EQ(fish("longhaul call fil", "files\tthe server\nfile2\n"), "file2\nfiles\tthe server\n");
  EXPECT_EQ(contents(root_.file("asked")), "<call><fil>");
  EXPECT_EQ(fish("longhaul call ", "files\n"), "files\n");
  EXPECT_EQ(contents(root_.file("asked")), "<call><>");
  EXPECT_EQ(fish("longhaul call n=re", "n=red\tcolour\n"), "n=red\tcolour\n");
  EXPECT_EQ(contents(root_.file("asked")), "<call><n=re>");
  EXPECT_EQ(fish("longhaul tools http://localhost:8", "http://localhost:8080/mcp\n"),
            "http://localhost:8080/mcp\n");
  EXPECT_EQ(contents(root_.file("asked")), "<tools><http://localhost:8>");
  EXPECT_EQ(fish("longhaul 'a b' my\\ f", "my file\n"), "my file\n");
  EXPECT_EQ(contents(root_.file("asked")), "<a b><my f>");
  EXPECT_EQ(fish("longhaul 'my f", "my file\n"), "my file\n");
  EXPECT_EQ(contents(root_.file("asked")), "<my f>");
  EXPECT_EQ(fish("longhaul a", "a$(touch pwned)(touch pwned)\n"), "a$(touch pwned)(touch pwned)\n");
  EXPECT_FALSE(std::filesystem::exists(root_.file("pwned")));
  EXPECT_EQ(fish("longhaul call some-fi", ""), "some-file\n") << "files where nothing is known";
}

}  // namespace
}  // namespace longhaul::terminal
