// SPDX-License-Identifier: Apache-2.0
#include "command/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "command/output_file.hpp"

namespace longhaul::command {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "longhaul-";

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw std::runtime_error("captured output cannot be kept in " + path.string() + ": " + what);
}

std::string error_text(int error) { return std::generic_category().message(error); }

// A folder in a place that others can write to (/tmp) may have been made by somebody else.
void check_private(const fs::path& place) {
  struct stat about{};
  if (::lstat(place.c_str(), &about) != 0) fail(place, error_text(errno));
  if (!S_ISDIR(about.st_mode)) fail(place, "it is no folder");
  if (about.st_uid != ::geteuid()) fail(place, "it belongs to another user");
  if ((about.st_mode & 0022) != 0) fail(place, "others may write in it: chmod go-w it");
}

void make_private(const fs::path& place) {
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (::mkdir(place.c_str(), 0700) != 0 && errno != EEXIST) fail(place, error_text(errno));
  check_private(place);
}

descriptor take_lock(const fs::path& root) {
  descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) folder.reset();
  return folder;
}

// A lock that can be taken is nobody's.
void remove_left_behind(const fs::path& place) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    const fs::path& root = entry.path();
    if (!root.filename().string().starts_with(prefix) || entry.is_symlink(error)) continue;
    if (const descriptor lock = take_lock(root)) fs::remove_all(root, error);
  }
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

serving::output_source::part part_of(output_bytes read) {
  return {std::move(read.bytes), read.offset, read.extent.total};
}

}  // namespace

output_folder::output_folder(const fs::path& place) : temporary_(true) {
  make_private(place);
  remove_left_behind(place);
  // Another server that starts now may take our new root for one left behind, before we lock it.
  constexpr int attempts = 5;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    std::string name = (place / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) fail(place, error_text(errno));
    lock_ = take_lock(name);
    if (lock_ && fs::exists(name)) {
      root_ = name;
      return;
    }
  }
  fail(place, "no lock could be taken there");
}

std::shared_ptr<output_folder> output_folder::kept(const fs::path& root) {
  make_private(root);
  const std::shared_ptr<output_folder> made(new output_folder);
  made->root_ = root;
  return made;
}

output_folder::~output_folder() {
  if (!temporary_) return;
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

bool output_folder::in_use(std::string_view task) const {
  const descriptor folder(
      ::open(folder_of(task).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  return folder && ::flock(folder.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::vector<std::string> output_folder::tasks() const {
  std::vector<std::string> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_, error)) {
    if (std::string name = entry.path().filename().string();
        is_plain_name(name) && entry.is_directory(error)) {
      result.push_back(std::move(name));
    }
  }
  return result;
}

fs::path output_folder::folder_of(std::string_view task) const {
  if (!is_plain_name(task)) throw std::invalid_argument("not the id of a task");
  return root_ / task;
}

fs::path output_folder::prepare(std::string_view task) {
  const fs::path folder = folder_of(task);
  make_sure_of_root();
  fs::remove_all(folder);
  if (::mkdir(folder.c_str(), 0700) != 0) {
    throw fs::filesystem_error("cannot make a folder for captured output", folder,
                               std::error_code(errno, std::generic_category()));
  }
  return folder;
}

void output_folder::make_sure_of_root() {
  const std::lock_guard lock(mutex_);
  try {
    if (fs::exists(fs::symlink_status(root_))) return check_private(root_);
    if (temporary_) make_private(root_.parent_path());
    make_private(root_);
  } catch (const std::runtime_error& e) {
    throw fs::filesystem_error(e.what(), std::make_error_code(std::errc::permission_denied));
  }
  if (!temporary_) return;
  lock_.reset();
  lock_ = take_lock(root_);
}

void output_folder::remove(const std::vector<std::string>& tasks) noexcept {
  for (const std::string& task : tasks) {
    std::error_code ignored;
    if (is_plain_name(task)) fs::remove_all(root_ / task, ignored);
  }
}

fs::path output_folder::file_of(std::string_view task, std::string_view stream) const {
  if (!is_plain_name(task) || (stream != "stdout" && stream != "stderr")) return {};
  fs::path file = root_ / task / stream;
  std::error_code error;
  return fs::exists(file, error) ? file : fs::path();
}

std::optional<serving::output_source::part> output_folder::read(std::string_view task,
                                                                std::string_view stream,
                                                                std::uint64_t offset,
                                                                std::size_t most) {
  const fs::path file = file_of(task, stream);
  if (file.empty()) return std::nullopt;
  return part_of(output_reader(file.string()).read(offset, most));
}

std::optional<serving::output_source::part> output_folder::tail(std::string_view task,
                                                                std::string_view stream,
                                                                std::size_t most) {
  const fs::path file = file_of(task, stream);
  if (file.empty()) return std::nullopt;
  return part_of(output_reader(file.string()).tail(most));
}

fs::path default_output_place(const fs::path& temporary) {
  return temporary / ("longhaul-of-" + std::to_string(::geteuid()));
}

}  // namespace longhaul::command
