// SPDX-License-Identifier: Apache-2.0
#include "sqlite/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace longhaul::sqlite {
namespace {

std::string holder(int file) {
  std::array<char, 24> text{};
  const ssize_t got = ::pread(file, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto end = pid.find_first_not_of("0123456789");
  return end == 0 || pid.empty() ? "unknown" : pid.substr(0, end);
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
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string pid = holder(file_);
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
