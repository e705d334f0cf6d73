// SPDX-License-Identifier: Apache-2.0
#include "terminal/private_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace longhaul::terminal {
namespace {

[[noreturn]] void refuse_path(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

[[noreturn]] void fail_with(const std::string& path, int error) {
  if (error == ELOOP) refuse_path(path, "leads elsewhere: a symbolic link is not followed");
  refuse_path(path, std::generic_category().message(error));
}

struct stat status_of(const descriptor& file, const std::string& path) {
  struct stat found{};
  if (::fstat(file.get(), &found) != 0) fail_with(path, errno);
  if (found.st_uid != ::geteuid()) refuse_path(path, "belongs to another user");
  return found;
}

// What others may write is no longer only ours.
void check_folder(const descriptor& folder, const std::string& path) {
  const struct stat found = status_of(folder, path);
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
  if (::fchmod(folder.get(), found.st_mode & static_cast<mode_t>(0755)) != 0) {
    fail_with(path, errno);
  }
}

void check_file(const descriptor& file, const std::string& path) {
  const struct stat found = status_of(file, path);
  if (!S_ISREG(found.st_mode)) refuse_path(path, "is no regular file");
  if ((found.st_mode & 0077) != 0 && ::fchmod(file.get(), 0600) != 0) fail_with(path, errno);
}

void write_whole(const descriptor& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with(path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) fail_with(path, errno);
}

int open_folder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Opened with O_NOFOLLOW, a link to a folder is said to be no folder.
[[noreturn]] void fail_folder(const std::string& path, int error) {
  std::error_code ignored;
  if (error == ENOTDIR && std::filesystem::is_symlink(path, ignored)) error = ELOOP;
  fail_with(path, error);
}

}  // namespace

private_folder private_folder::existing(const std::string& path) {
  descriptor folder(open_folder(path));
  if (!folder) {
    if (errno != ENOENT) fail_folder(path, errno);
    return {path, descriptor()};
  }
  check_folder(folder, path);
  return {path, std::move(folder)};
}

private_folder private_folder::made(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_with(path, errno);
  descriptor folder(open_folder(path));
  if (!folder) fail_folder(path, errno);
  check_folder(folder, path);
  return {path, std::move(folder)};
}

descriptor private_folder::lock(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  descriptor file(::openat(folder_.get(), name.c_str(),
                           O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file) fail_with(path, errno);
  check_file(file, path);
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) fail_with(path, errno);
  }
  return file;
}

std::string private_folder::read(const std::string& name, std::size_t most) const {
  if (!folder_) return {};
  const std::string path = path_ + "/" + name;
  const descriptor file(
      ::openat(folder_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT) return {};
    fail_with(path, errno);
  }
  check_file(file, path);
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  off_t at = size > static_cast<off_t>(most) ? size - static_cast<off_t>(most) : 0;
  std::string text(static_cast<std::size_t>(size - at), '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t part = ::pread(file.get(), text.data() + got, text.size() - got, at);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) fail_with(path, errno);
    if (part == 0) break;
    got += static_cast<std::size_t>(part);
    at += part;
  }
  text.resize(got);
  return text;
}

void private_folder::replace(const std::string& name, std::string_view text) const {
  const std::string next = name + ".new", path = path_ + "/" + next;
  // What a writer left that was killed; only one is here, by the lock.
  if (::unlinkat(folder_.get(), next.c_str(), 0) != 0 && errno != ENOENT) fail_with(path, errno);
  const descriptor file(::openat(folder_.get(), next.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) fail_with(path, errno);
  try {
    write_whole(file, text, path);
    if (::renameat(folder_.get(), next.c_str(), folder_.get(), name.c_str()) != 0) {
      fail_with(path, errno);
    }
  } catch (...) {
    ::unlinkat(folder_.get(), next.c_str(), 0);
    throw;
  }
  if (::fsync(folder_.get()) != 0) fail_with(path_, errno);
}

}  // namespace longhaul::terminal
