// SPDX-License-Identifier: Apache-2.0
// A server as a child process, with pipes to its standard streams. Nothing here waits for time: it
// waits for lines, for the end of streams, and for the process.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "support/record.hpp"
#include "support/temporary_folder.hpp"

extern char** environ;

namespace longhaul::test {

/// Its state folder is a temporary one of its own, unless it is given one.
class child {
 public:
  explicit child(std::vector<std::string> arguments, const std::string& state_home = "")
      : own_state_(state_home.empty() ? std::make_unique<temporary_folder>() : nullptr) {
    std::string state = "XDG_STATE_HOME=" + (own_state_ ? own_state_->path() : state_home);
    std::vector<char*> environment{state.data()};
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!std::string_view(*entry).starts_with("XDG_STATE_HOME=")) environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    std::array<std::array<int, 2>, 3> pipes{};
    for (auto& p : pipes) {
      if (::pipe2(p.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
      }
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[0][0], 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[2][1], 2);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const int error =
        ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    for (const int fd : {pipes[0][0], pipes[1][1], pipes[2][1]}) ::close(fd);
    in_ = pipes[0][1];
    out_ = pipes[1][0];
    err_ = pipes[2][0];
    if (error != 0) throw std::system_error(error, std::generic_category(), arguments[0]);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
    close_input();
    if (out_ >= 0) ::close(out_);
    ::close(err_);
  }

  void write(const std::string& text) {
    if (text.starts_with('{')) sent_ = true;
    if (sent_) record_lines(text);
    ASSERT_EQ(::write(in_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_input() {
    if (in_ >= 0) ::close(std::exchange(in_, -1));
  }
  void close_output() { ::close(std::exchange(out_, -1)); }
  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }

  /// The next line of standard output or error; what there is of one at the end of the stream.
  std::string output_line() {
    std::string next = line(out_, out_rest_);
    if (sent_) record_received(0, "", next);
    return next;
  }
  std::string error_line() { return line(err_, err_rest_); }
  /// The next line of standard error with `part` in it; empty: none came.
  std::string error_line_with(std::string_view part) {
    std::string next = error_line();
    while (!next.empty() && next.find(part) == std::string::npos) next = error_line();
    return next;
  }
  std::string all_errors() {
    std::string all;
    for (std::string next = error_line(); !next.empty(); next = error_line()) all += next + "\n";
    return all;
  }

  /// The exit code, or 128 + the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  static void record_lines(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      record_sent(0, "", "", text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  static std::string line(int fd, std::string& rest) {
    while (true) {
      if (const auto end = rest.find('\n'); end != std::string::npos) {
        std::string result = rest.substr(0, end);
        rest.erase(0, end + 1);
        return result;
      }
      std::array<char, 4096> bytes{};
      const ssize_t got = ::read(fd, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::exchange(rest, {});
      rest.append(bytes.data(), static_cast<std::size_t>(got));
    }
  }

  std::unique_ptr<temporary_folder> own_state_;
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string out_rest_, err_rest_;
  std::atomic<bool> sent_{false};  ///< messages: what it prints are messages
};

}  // namespace longhaul::test
