// SPDX-License-Identifier: Apache-2.0
#include "command/named_file.hpp"

#include <fcntl.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/descriptor.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

using read_kind = file_contents::kind;

file_contents refused_file(std::string why) { return {read_kind::refused, {}, std::move(why)}; }

file_contents failed_file(int error) {
  if (error == ENOENT || error == ENOTDIR) return {read_kind::missing, {}, {}};
  if (error == ELOOP) return refused_file("leads elsewhere: a symbolic link is not followed");
  return refused_file("cannot be read: " + std::generic_category().message(error));
}

// Empty: it is a regular file.
std::string other_kind(const struct stat& found) {
  if (S_ISREG(found.st_mode)) return {};
  if (S_ISDIR(found.st_mode)) return "is a folder";
  if (S_ISLNK(found.st_mode)) return "leads elsewhere: a symbolic link is not followed";
  return "is no regular file";
}

// The folder of `path`, entered step by step; `path` becomes the name in it. Invalid: `errno`.
descriptor enter_folder(std::string_view& path) {
  constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  descriptor folder(::open("/", flags));
  while (folder) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::size_t end = path.find('/');
    if (end == std::string_view::npos) break;
    const std::string step(path.substr(0, end));
    const int next = ::openat(folder.get(), step.c_str(), flags);
    const int error = errno;
    folder.reset(next);
    errno = error;
    path.remove_prefix(end);
  }
  return folder;
}

file_contents read_open_file(const descriptor& file, std::size_t most) {
  file_contents result;
  std::string& bytes = result.bytes;
  while (bytes.size() <= most) {
    const std::size_t before = bytes.size();
    const std::size_t room = std::min(tunables::file_read, most + 1 - before);
    bytes.resize(before + room);
    const ssize_t got = ::read(file.get(), bytes.data() + before, room);
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed_file(errno);
    if (got == 0) return result;
  }
  return refused_file("has more than " + std::to_string(most) + " bytes (size_limit)");
}

}  // namespace

file_contents read_named_file(const std::string& path, std::size_t most) {
  std::string_view rest = path;
  const descriptor folder = enter_folder(rest);
  if (!folder) return failed_file(errno);
  const std::string name(rest);
  // Looked at before it is opened, as opening a pipe or a device does something; and after, because
  // it may be another one then.
  struct stat found{};
  if (::fstatat(folder.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return failed_file(errno);
  }
  if (std::string other = other_kind(found); !other.empty()) return refused_file(std::move(other));
  const descriptor file(::openat(folder.get(), name.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file || ::fstat(file.get(), &found) != 0) return failed_file(errno);
  if (std::string other = other_kind(found); !other.empty()) return refused_file(std::move(other));
  return read_open_file(file, most);
}

bool is_text(const std::string& bytes) {
  return bytes.find('\0') == std::string::npos &&
         simdjson::validate_utf8(bytes.data(), bytes.size());
}

}  // namespace longhaul::command
