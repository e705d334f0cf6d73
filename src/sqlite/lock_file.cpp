// SPDX-License-Identifier: Apache-2.0
#include "sqlite/lock_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace longhaul::sqlite {
namespace {

constexpr std::chrono::seconds longest_wait(2);
constexpr int between_tries_ms = 2;

// 0: it does not say.
pid_t holder(int file) {
  std::array<char, 24> text{};
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (got > 0) std::from_chars(text.data(), text.data() + got, pid);
  return pid;
}

bool lives(pid_t process) { return ::kill(process, 0) == 0 || errno == EPERM; }

// A child that a killed server was just starting has the lock, too, until it has become another
// program; a server that ends has taken its name out already. Neither takes long. 0, or errno.
int lock(int file) {
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno;
    const pid_t process = holder(file);
    if ((process > 0 && lives(process)) || std::chrono::steady_clock::now() > end) {
      return EWOULDBLOCK;
    }
    ::poll(nullptr, 0, between_tries_ms);
  }
  return 0;
}

}  // namespace

lock_file::lock_file(const std::string& database) {
  // By whatever name the file is opened, its lock is one.
  const std::string path = std::filesystem::weakly_canonical(database).string() + ".lock";
  // Not removed at the end: one who waits for a removed file would lock nothing.
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file_ < 0) {
    throw std::runtime_error(path + ": " + std::generic_category().message(errno));
  }
  if (const int error = lock(file_); error != 0) {
    const pid_t process = holder(file_);
    const std::string pid = process > 0 ? std::to_string(process) : "unknown";
    ::close(file_);
    if (error != EWOULDBLOCK) {
      throw std::runtime_error(path + ": " + std::generic_category().message(error));
    }
    throw store_in_use(database + " is in use by process " + pid +
                       ": stop that one first, or use another file");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file_, 0) != 0 ||
      ::pwrite(file_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // The lock is what counts; on a full disk the pid cannot be told.
  }
}

lock_file::~lock_file() {
  if (::ftruncate(file_, 0) != 0) {
    // A pid of the dead is told at worst.
  }
  ::close(file_);
}

}  // namespace longhaul::sqlite
