// SPDX-License-Identifier: Apache-2.0
// Who is there: proof that programs leave nothing behind. A census gives its variable to the
// environment of what a test starts, and finds everything that inherited it, whatever became of its
// parents, group and session.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace longhaul::test {

/// Looks until `condition` holds; false: it did not within `limit`, which is only for tests that
/// fail.
inline bool wait_until(const std::function<bool()>& condition,
                       std::chrono::seconds limit = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// All of a file; what could be read if it cannot be read to its end, as that of a process in /proc
/// which ends meanwhile.
inline std::string text_of(const std::string& path) {
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::array<char, 16 * 1024> part{};
  for (ssize_t length = 0; file >= 0 && (length = ::read(file, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(length));
  }
  if (file >= 0) ::close(file);
  return text;
}

/// The numbers that a folder of /proc has as names.
inline std::vector<int> numbers_in(const std::string& folder) {
  std::vector<int> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), &::closedir);
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) found.push_back(number);
  }
  return found;
}

/// A process in /proc/PID/stat; '\0' as state: there is none.
struct process_state {
  char state = '\0';
  pid_t parent = 0, group = 0, session = 0;
};
inline process_state state_of(pid_t id) {
  const std::string text = text_of("/proc/" + std::to_string(id) + "/stat");
  process_state result;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return result;
  std::istringstream(text.substr(name_end + 1)) >> result.state >> result.parent >> result.group >>
      result.session;
  return result;
}

/// Children of `parent`, those that ended and were not collected (zombies) included.
inline std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const pid_t id : numbers_in("/proc")) {
    const process_state one = state_of(id);
    if (one.state != '\0' && one.parent == parent) found.push_back(id);
  }
  return found;
}

/// All descendants of `root`, zombies included. Those who lost their parents are not found, unless
/// `root` adopts them.
inline std::vector<pid_t> processes_under(pid_t root) {
  std::vector<pid_t> found = children_of(root);
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const pid_t child : children_of(found[i])) found.push_back(child);
  }
  return found;
}

/// How many descriptors this process has open.
inline std::size_t open_descriptors() { return numbers_in("/proc/self/fd").size(); }

/// Processes that have `variable` ("NAME=value") in the environment they began with.
inline std::vector<pid_t> processes_with(std::string_view variable) {
  std::vector<pid_t> found;
  const std::string wanted = '\0' + std::string(variable) + '\0';
  for (const pid_t id : numbers_in("/proc")) {
    const std::string environment = '\0' + text_of("/proc/" + std::to_string(id) + "/environ");
    if (environment.find(wanted) != std::string::npos) found.push_back(id);
  }
  return found;
}

class census {
 public:
  census() {
    static std::atomic<int> next{0};
    variable_ = "LONGHAUL_CENSUS=" + std::to_string(::getpid()) + "-" + std::to_string(++next);
  }
  /// A test that failed leaves nothing behind, either.
  ~census() {
    for (int round = 0; round < 100 && !living().empty(); ++round) {
      for (const pid_t id : living()) ::kill(id, SIGKILL);
    }
  }
  census(const census&) = delete;
  census& operator=(const census&) = delete;

  /// "NAME=value", for the environment of what is started.
  const std::string& variable() const { return variable_; }
  std::vector<pid_t> living() const { return processes_with(variable_); }
  std::size_t count() const { return living().size(); }
  /// For what dies without anybody who waits for it.
  bool empty_soon() const {
    return wait_until([this] { return count() == 0; });
  }

 private:
  std::string variable_;
};

}  // namespace longhaul::test
