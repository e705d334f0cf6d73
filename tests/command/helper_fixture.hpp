// SPDX-License-Identifier: Apache-2.0
// Runs the real longhaul-run as a child of the test, with a lifeline, in a folder of its own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.hpp"
#include "command/output_file.hpp"
#include "support/process_census.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::command {

inline std::string path_of(const std::string& program) { return "/usr/bin/" + program; }

class helper_fixture : public testing::Test {
 protected:
  using strings = std::vector<std::string>;

  struct fd_pair {
    descriptor read, write;
  };
  static fd_pair make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    return {descriptor(ends[0]), descriptor(ends[1])};
  }

  ~helper_fixture() override {
    lifeline_.reset();
    if (helper_ > 0) wait();
  }

  /// longhaul-run with these options (and --dir, --lifeline), under which `program` runs, argv[0]
  /// first. `in_child` is called in the forked child: for descriptors, limits, signals.
  template <class InChild>
  void start(strings options, const strings& program, const InChild& in_child) {
    std::array<int, 2> lifeline{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline.data()), 0);
    descriptor ours(lifeline[0]);
    const descriptor low(lifeline[1]);
    const descriptor theirs(::fcntl(low.get(), F_DUPFD_CLOEXEC, 20));
    strings words = {"longhaul-run", "--dir", folder_.path(), "--lifeline", "3"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), program.begin(), program.end());
    strings environment = environment_;
    environment.push_back(census_.variable());
    const auto argv = pointers(words), envp = pointers(environment);
    helper_ = ::fork();
    ASSERT_GE(helper_, 0);
    if (helper_ == 0) {
      in_child();
      ::dup2(theirs.get(), 3);
      ::execve(LONGHAUL_RUN, argv.data(), envp.data());
      ::_exit(126);
    }
    lifeline_ = std::move(ours);
  }
  void start(const strings& options, const strings& program) {
    start(options, program, [] {});
  }

  /// A shell script under the helper.
  static strings shell(const std::string& script, const strings& arguments = {}) {
    strings words = {"/bin/sh", "sh", "-c", script, "sh"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }
  static strings python(const std::string& script, const strings& arguments = {}) {
    strings words = {path_of("python3"), "python3", "-I", "-S", "-c", script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }

  /// Until the helper has ended; its exit status, or minus the signal that killed it.
  int wait() {
    int status = 0;
    const bool ended = test::wait_until([&] { return ::waitpid(helper_, &status, WNOHANG) != 0; });
    EXPECT_TRUE(ended) << "longhaul-run does not end";
    if (!ended) ::kill(helper_, SIGKILL);
    if (!ended) ::waitpid(helper_, &status, 0);
    helper_ = -1;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

  /// What it said over the lifeline, once it has ended as it should, without the end of the line.
  std::string status_after_wait() {
    EXPECT_EQ(wait(), 0);
    std::string status(8192, '\0');
    const ssize_t got = ::recv(lifeline_.get(), status.data(), status.size(), MSG_DONTWAIT);
    status.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    EXPECT_TRUE(status.ends_with("}\n")) << status;
    return status.substr(0, status.find('\n'));
  }
  /// As a server that wants the program to end.
  void end_lifeline() const { ::shutdown(lifeline_.get(), SHUT_WR); }

  std::string output(const std::string& stream = "stdout") const {
    try {
      return output_reader(folder_.file(stream)).read(0).bytes;
    } catch (const std::runtime_error&) {
      return {};  // it was not made yet
    }
  }
  /// Until the program has printed `text`.
  bool printed(const std::string& text, const std::string& stream = "stdout") const {
    return test::wait_until([&] { return output(stream).find(text) != std::string::npos; });
  }

  static std::vector<char*> pointers(const strings& words) {
    std::vector<char*> result;
    for (const std::string& word : words) result.push_back(const_cast<char*>(word.c_str()));
    result.push_back(nullptr);
    return result;
  }

  test::temporary_folder folder_;
  test::census census_;
  strings environment_ = {"PATH=/usr/bin:/bin"};
  descriptor lifeline_;
  pid_t helper_ = -1;
};

}  // namespace longhaul::command
