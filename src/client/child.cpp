// SPDX-License-Identifier: Apache-2.0
#include "client/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;

namespace longhaul::remote {
namespace {

struct pipe_ends {
  pipe_ends() {
    std::array<int, 2> both{};
    if (::pipe2(both.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::system_category(), "pipe");
    }
    read = both[0], write = both[1];
  }
  ~pipe_ends() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;

  int read = -1, write = -1;
};

int ours(int& end) {
  ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
  return std::exchange(end, -1);
}

// Those of this process, with `more` in place of what has the same name.
std::vector<std::string> environment_of(const server_place& place) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& each : place.environment) replaced = replaced || each.first == name;
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : place.environment) {
    all.push_back(std::string(name).append("=").append(value));
  }
  return all;
}

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& each : texts) result.push_back(each.data());
  result.push_back(nullptr);
  return result;
}

// A group of its own, no signal blocked or ignored that programs expect.
void describe(posix_spawnattr_t& attributes) {
  ::posix_spawnattr_init(&attributes);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGINT);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes,
      static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
}

}  // namespace

child::child(const server_place& place, bool own_stderr) {
  std::vector<std::string> command = place.command;
  std::vector<std::string> variables = environment_of(place);
  pipe_ends input, output, error;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.read, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.write, 1);
  if (own_stderr) ::posix_spawn_file_actions_adddup2(&actions, error.write, 2);
  if (!place.directory.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&actions, place.directory.c_str());
  }
  posix_spawnattr_t attributes;
  describe(attributes);
  const int failed = ::posix_spawnp(&pid_, command[0].c_str(), &actions, &attributes,
                                    pointers_of(command).data(), pointers_of(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    pid_ = -1;
    const std::string where = place.directory.empty() ? "" : " in " + place.directory;
    throw client_error(
        client_error::kind::unreachable,
        "cannot start " + command[0] + where + ": " + std::generic_category().message(failed));
  }
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  input_ = ours(input.write);
  output_ = ours(output.read);
  if (own_stderr) error_ = ours(error.read);
}

child::~child() {
  signal(SIGKILL);
  collect();
  for (const int each : {pidfd_, input_, output_, error_}) {
    if (each >= 0) ::close(each);
  }
}

int child::take_input() noexcept { return std::exchange(input_, -1); }
int child::take_output() noexcept { return std::exchange(output_, -1); }
int child::take_error() noexcept { return std::exchange(error_, -1); }

void child::signal(int number) noexcept {
  if (pid_ <= 0) return;
  ::kill(-pid_, number);
  ::kill(pid_, number);  // it may have moved to another group
}

std::string child::collect() noexcept {
  if (pid_ <= 0) return {};
  int status = 0;
  pid_t found = 0;
  do {
    found = ::waitpid(pid_, &status, 0);
  } while (found < 0 && errno == EINTR);
  ::kill(-pid_, SIGKILL);  // what it has left in its group
  pid_ = -1;
  if (found < 0) return "its end is not known";
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace longhaul::remote
