// SPDX-License-Identifier: Apache-2.0
#include "sqlite/lock_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "sqlite/soundness.hpp"
#include "sqlite/tunables.hpp"

namespace longhaul::sqlite {
namespace {

std::string error_text(int error) { return std::generic_category().message(error); }

// 0: it does not say.
pid_t holder(int file) {
  std::array<char, 24> text{};
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (got > 0) std::from_chars(text.data(), text.data() + got, pid);
  return pid;
}

// The kernel's word for it, for a file that names nobody; 0: it does not say.
pid_t holder_by_kernel(dev_t device, ino_t number) {
  std::array<char, 64> wanted{};
  std::snprintf(wanted.data(), wanted.size(), "%02x:%02x:%llu", major(device), minor(device),
                static_cast<unsigned long long>(number));
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number_word, kind, advisory, mode, file;
    pid_t pid = 0;
    if (words >> number_word >> kind >> advisory >> mode >> pid >> file && kind == "FLOCK" &&
        file == wanted.data()) {
      return pid;
    }
  }
  return 0;
}

bool lives(pid_t process) { return ::kill(process, 0) == 0 || errno == EPERM; }

// A child that a killed server was just starting also has the lock, until it has become another
// program; a server that ends has taken its name out already. Neither takes long. 0, or errno.
int lock_descriptor(int file) {
  const auto end = std::chrono::steady_clock::now() + tunables::lock_wait;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno;
    const pid_t process = holder(file);
    if ((process > 0 && lives(process)) || std::chrono::steady_clock::now() > end) {
      return EWOULDBLOCK;
    }
    ::poll(nullptr, 0, tunables::between_lock_tries_ms);
  }
  return 0;
}

[[noreturn]] void in_use(const std::string& shown, pid_t process) {
  const std::string pid = process > 0 ? std::to_string(process) : "unknown";
  throw store_in_use(shown + " is in use by process " + pid +
                     ": stop that one first, or use another file");
}

// Databases that this process has locked.
guarded_mutex open_mutex;
std::set<std::pair<dev_t, ino_t>>& open_here() {
  static std::set<std::pair<dev_t, ino_t>> all;
  return all;
}

std::pair<dev_t, ino_t> inode_of(const struct stat& about) { return {about.st_dev, about.st_ino}; }

}  // namespace

lock_file::lock_file(const std::string& database) {
  // By whatever name the file is opened, its lock is one.
  path_ = std::filesystem::weakly_canonical(database).string();
  lock_path_ = path_ + ".lock";
  name_ = std::filesystem::path(path_).filename().string();
  refuse_faults(database, faults_of_rights(path_, rights::tightened));
  // Not removed at the end: one who waits for a removed file would lock nothing.
  lock_ = ::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) throw std::runtime_error(lock_path_ + ": " + error_text(errno));
  try {
    if (const int error = lock_descriptor(lock_); error == EWOULDBLOCK) {
      in_use(database, holder(lock_));
    } else if (error != 0) {
      throw std::runtime_error(lock_path_ + ": " + error_text(error));
    }
    take_database(database);
  } catch (...) {
    ::close(lock_);
    throw;
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_, 0) != 0 ||
      ::pwrite(lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // The lock is what counts; on a full disk the pid cannot be told.
  }
}

void lock_file::take_database(const std::string& shown) {
  const guard lock(open_mutex);
  struct stat about{};
  if (::stat(path_.c_str(), &about) == 0 && open_here().contains(inode_of(about))) {
    in_use(shown, ::getpid());
  }
  database_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (database_ < 0) throw std::runtime_error(path_ + ": " + error_text(errno));
  if (::fstat(database_, &about) != 0) about = {};
  inode_ = inode_of(about);
  if (const int error = lock_descriptor(database_); error != 0) {
    ::close(database_);
    if (error == EWOULDBLOCK) in_use(shown, holder_by_kernel(inode_.first, inode_.second));
    throw std::runtime_error(path_ + ": " + error_text(error));
  }
  open_here().insert(inode_);
}

lock_file::~lock_file() {
  {
    const guard lock(open_mutex);
    open_here().erase(inode_);
  }
  ::close(database_);
  if (::ftruncate(lock_, 0) != 0) {
    // A pid of the dead is told at worst.
  }
  ::close(lock_);
}

void lock_file::log_opened() {
  struct stat about{};
  const bool there = ::stat((path_ + "-wal").c_str(), &about) == 0;
  const guard lock(mutex_);
  log_ = there ? inode_of(about) : inode{};
  log_bytes_ = 0;
}

void lock_file::log_grown(std::uint64_t bytes) {
  const guard lock(mutex_);
  log_bytes_ = bytes;
}

std::string lock_file::lost() const {
  if (std::string why = lost_database(); !why.empty()) return why;
  if (std::string why = lost_log(); !why.empty()) return why;
  struct stat mine{}, named{};
  const bool same = ::fstat(lock_, &mine) == 0 && ::stat(lock_path_.c_str(), &named) == 0 &&
                    inode_of(mine) == inode_of(named);
  if (same) return {};
  return name_ +
         ".lock was removed or replaced while the server ran, so another one may begin to "
         "use " +
         name_ + ": restart the server";
}

std::string lock_file::lost_database() const {
  struct stat named{};
  if (::stat(path_.c_str(), &named) != 0) {
    return name_ + " is not where it was (" + error_text(errno) +
           "): put it back, or restart the server";
  }
  if (inode_of(named) != inode_) {
    return name_ + " was replaced by another file while the server ran: restart the server";
  }
  const std::unique_lock still(moving_, std::try_to_lock);
  if (!still.owns_lock()) return {};
  // What SQLite wrote into the first page when it last moved the log: 16 page size, 28 pages.
  std::array<unsigned char, 100> header{};
  if (::fstat(database_, &named) != 0) return {};
  const ssize_t got = ::pread(database_, header.data(), header.size(), 0);
  constexpr std::string_view magic("SQLite format 3\0", 16);
  const bool whole = got == static_cast<ssize_t>(header.size()) &&
                     std::equal(magic.begin(), magic.end(), header.begin());
  const auto at = [&](std::size_t i) { return std::uint64_t{header[i]}; };
  const std::uint64_t size_field = at(16) << 8U | at(17);
  const std::uint64_t page = size_field == 1 ? 65536 : size_field;
  const std::uint64_t pages = at(28) << 24U | at(29) << 16U | at(30) << 8U | at(31);
  // A log that was moved in part may leave the file behind its header: only what shrank was cut.
  const auto size = static_cast<std::uint64_t>(named.st_size);
  if (whole && (pages * page <= size || size >= seen_)) {
    seen_ = size;
    return {};
  }
  return name_ + " was cut short while the server ran: stop it, and restore the file from a backup";
}

std::string lock_file::lost_log() const {
  struct stat named{};
  const bool there = ::stat((path_ + "-wal").c_str(), &named) == 0;
  const guard lock(mutex_);
  if (log_ == inode{}) return {};
  if (!there || inode_of(named) != log_) {
    return name_ +
           "-wal, its log, was removed or replaced while the server ran: restart the server";
  }
  if (static_cast<std::uint64_t>(named.st_size) >= log_bytes_) return {};
  return name_ + "-wal, its log, was cut short while the server ran: restart the server";
}

}  // namespace longhaul::sqlite
