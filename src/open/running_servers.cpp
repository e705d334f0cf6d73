// SPDX-License-Identifier: Apache-2.0
#include "open/running_servers.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "open/default_store.hpp"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_notice = 4096;  // bytes

// Ours, and nobody else may write in it.
bool is_ours(const std::string& folder) {
  struct stat about{};
  return ::lstat(folder.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
         about.st_uid == ::geteuid() && (about.st_mode & 022U) == 0;
}

bool is_of_us(int file) {
  struct stat about{};
  return ::fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == ::geteuid();
}

// Another server may have the same process id, in its own container.
bool is_still(int file, const std::string& path) {
  struct stat open{}, there{};
  return ::fstat(file, &open) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         open.st_ino == there.st_ino && open.st_dev == there.st_dev;
}

// Homes may be shared by machines, and what listens on one of them is not here.
std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string in_one_line(std::string_view text) {
  std::string line(text.substr(0, longest_notice / 4));
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

// Empty: it is not there, or not whole.
running_server read_notice(int file) {
  std::array<char, longest_notice> room{};
  const ssize_t bytes = ::pread(file, room.data(), room.size(), 0);
  const std::string_view text(room.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  std::istringstream lines{std::string(text)};
  std::string boot;
  running_server one;
  std::getline(lines, boot);
  std::getline(lines, one.name);
  std::getline(lines, one.url);
  if (!lines || lines.eof() || boot != this_boot()) return {};
  return one;
}

}  // namespace

std::string running_servers_folder() { return default_state_folder() + "/running"; }

running_notice::running_notice(const std::string& folder, std::string_view name,
                               std::string_view url) noexcept {
  try {
    write(folder, name, url);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): as it says
  }
}

// Locked before anybody can find it: what is not locked is removed by whoever looks.
void running_notice::write(const std::string& folder, std::string_view name, std::string_view url) {
  static std::atomic<int> count{0};
  fs::create_directories(fs::path(folder).parent_path());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return;
  if (!is_ours(folder)) return;
  const std::string file =
      std::to_string(::getpid()) + "." + std::to_string(++count) + "." + this_boot().substr(0, 8);
  const std::string early = folder + "/." + file;
  descriptor made(::open(early.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!made || ::flock(made.get(), LOCK_EX | LOCK_NB) != 0) return;
  const std::string text = this_boot() + "\n" + in_one_line(name) + "\n" + in_one_line(url) + "\n";
  const bool written =
      ::write(made.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const std::string path = folder + "/" + file;
  if (!written || ::rename(early.c_str(), path.c_str()) != 0) {
    ::unlink(early.c_str());
    return;
  }
  path_ = path;
  file_ = std::move(made);
}

running_notice::~running_notice() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::vector<running_server> running_servers(const std::string& folder) {
  std::vector<running_server> found;
  if (!is_ours(folder)) return found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    if (entry.path().filename().string().starts_with('.')) continue;
    // To write: some file systems lock no others.
    const descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file || !is_of_us(file.get())) continue;
    // Shared, so that two who look take neither for a server.
    if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
      if (is_still(file.get(), path)) ::unlink(path.c_str());
      continue;
    }
    if (errno != EWOULDBLOCK) continue;
    if (running_server one = read_notice(file.get()); !one.url.empty()) {
      found.push_back(std::move(one));
    }
  }
  std::ranges::sort(found, {}, &running_server::name);
  return found;
}

}  // namespace longhaul
