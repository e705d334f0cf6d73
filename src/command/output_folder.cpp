// SPDX-License-Identifier: Apache-2.0
#include "command/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "command/former_programs.hpp"
#include "command/output_file.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "longhaul-";

std::string cannot_keep(const fs::path& path) {
  return "captured output cannot be kept in " + path.string();
}

[[noreturn]] void fail(const fs::path& path, const std::string& problem) {
  throw std::runtime_error(cannot_keep(path) + ": " + problem);
}

[[noreturn]] void fail(const fs::path& path, int error) {
  throw std::system_error(error, std::generic_category(), cannot_keep(path));
}

std::string error_text(int error) { return std::generic_category().message(error); }

// A folder in a place that others can write to (/tmp) may have been made by somebody else.
void check_private(const fs::path& place) {
  struct stat about{};
  if (::lstat(place.c_str(), &about) != 0) fail(place, errno);
  if (!S_ISDIR(about.st_mode)) fail(place, "it is no folder");
  if (about.st_uid != ::geteuid()) fail(place, "it belongs to another user");
  if ((about.st_mode & 0022) != 0) fail(place, "others may write in it: chmod go-w it");
}

void make_private(const fs::path& place) {
  std::error_code error;
  fs::create_directories(place.parent_path(), error);
  if (::mkdir(place.c_str(), 0700) != 0 && errno != EEXIST) fail(place, errno);
  check_private(place);
}

descriptor open_folder(const fs::path& folder) {
  return descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

bool is_locked(const descriptor& folder) {
  return folder && ::flock(folder.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

descriptor take_lock(const fs::path& root) {
  descriptor folder = open_folder(root);
  if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) folder.reset();
  return folder;
}

std::string key_in(const fs::path& folder) {
  std::ifstream file(folder / "key", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_key(const fs::path& folder, const std::string& key) {
  std::ofstream file(folder / "key", std::ios::binary);
  if (file << key && file.flush()) return;
  throw fs::filesystem_error("cannot note what a program is limited by", folder,
                             std::make_error_code(std::errc::io_error));
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// A program may have made folders that not even their owner may look into.
void remove_tree(const fs::path& folder, std::error_code& error) {
  fs::remove_all(folder, error);
  if (!error) return;
  std::error_code ignored;
  constexpr auto go_on = fs::directory_options::skip_permission_denied;
  fs::permissions(folder, fs::perms::owner_all, fs::perm_options::nofollow, ignored);
  for (fs::recursive_directory_iterator at(folder, go_on, ignored), end; at != end;
       at.increment(ignored)) {
    // Before it is looked into.
    if (at->is_directory(ignored) && !at->is_symlink(ignored)) {
      ::chmod(at->path().c_str(), 0700);
    }
  }
  fs::remove_all(folder, error);
}

// As mkdtemp makes them. A place that is a `state_dir` also holds what other servers keep, which
// they do not lock: `longhaul-2.db.output`.
bool is_temporary_root(std::string_view name) {
  constexpr std::size_t random = 6;
  return name.size() == prefix.size() + random && name.starts_with(prefix) &&
         std::ranges::all_of(name.substr(prefix.size()),
                             [](char c) { return is_letter(c) || is_digit(c); });
}

// A lock that can be taken has no holder any more.
void remove_left_behind(const fs::path& place) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    const fs::path& root = entry.path();
    if (!is_temporary_root(root.filename().string()) || entry.is_symlink(error)) continue;
    const descriptor lock = take_lock(root);
    if (!lock) continue;
    end_former_programs(root, [&](const std::string& task) {
      return is_plain_name(task) && fs::exists(root / task, error);
    });
    remove_tree(root, error);
  }
}

serving::output_source::part part_of(output_bytes read) {
  serving::output_source::part result{std::move(read.bytes), read.offset, read.extent.total};
  if (read.extent.end < read.extent.total) result.lost_from = read.extent.end;
  return result;
}

// What a program wrote in its own folder is no fault of ours, and where that lies concerns no
// caller.
[[noreturn]] void unreadable() {
  throw std::runtime_error("what the program printed cannot be read any more");
}

}  // namespace

output_folder::output_folder(const fs::path& place) : temporary_(true) {
  make_private(place);
  remove_left_behind(place);
  // Another server that starts now may take our new root for one left behind, before we lock it.
  for (int attempt = 0; attempt < tunables::root_attempts; ++attempt) {
    std::string name = (place / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) fail(place, errno);
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
  const std::shared_ptr<output_folder> output(new output_folder);
  output->root_ = fs::absolute(root);
  output->look_for_left();
  return output;
}

output_folder::~output_folder() {
  if (!temporary_) return;
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

bool output_folder::in_use(std::string_view task) const {
  return is_locked(open_folder(folder_of(task)));
}

void output_folder::look_for_left() {
  const guard lock(left_mutex_);
  for (const std::string& task : tasks()) {
    const fs::path folder = folder_of(task);
    left_program found{open_folder(folder), key_in(folder)};
    if (!found.key.empty() && is_locked(found.folder)) left_.push_back(std::move(found));
  }
}

bool output_folder::left_running(std::string_view key) {
  const guard lock(left_mutex_);
  std::erase_if(left_, [](const left_program& one) { return !is_locked(one.folder); });
  return std::ranges::any_of(left_, [&](const left_program& one) { return one.key == key; });
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

fs::path output_folder::prepare(std::string_view task, const std::string& key) {
  const fs::path folder = folder_of(task);
  make_sure_of_root();
  std::error_code error;
  remove_tree(folder, error);
  if (error) throw fs::filesystem_error("cannot remove captured output", folder, error);
  if (::mkdir(folder.c_str(), 0700) != 0) {
    throw fs::filesystem_error("cannot make a folder for captured output", folder,
                               std::error_code(errno, std::generic_category()));
  }
  if (!key.empty()) write_key(folder, key);
  return folder;
}

void output_folder::make_sure_of_root() {
  const guard lock(mutex_);
  make_root();
}

void output_folder::make_root() {
  try {
    if (fs::exists(fs::symlink_status(root_))) {
      check_private(root_);
      // A program may have closed it to us, but not to its owner.
      if (::access(root_.c_str(), R_OK | W_OK | X_OK) != 0) ::chmod(root_.c_str(), 0700);
      return;
    }
    if (temporary_) make_private(root_.parent_path());
    make_private(root_);
  } catch (const fs::filesystem_error&) {
    throw;
  } catch (const std::system_error& e) {
    throw fs::filesystem_error(e.what(), e.code());
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
    if (is_plain_name(task)) remove_tree(root_ / task, ignored);
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
  try {
    return part_of(output_reader(file.string()).read(offset, most));
  } catch (const std::runtime_error&) {
    unreadable();
  }
}

std::optional<serving::output_source::part> output_folder::tail(std::string_view task,
                                                                std::string_view stream,
                                                                std::size_t most) {
  const fs::path file = file_of(task, stream);
  if (file.empty()) return std::nullopt;
  try {
    return part_of(output_reader(file.string()).tail(most));
  } catch (const std::runtime_error&) {
    unreadable();
  }
}

std::optional<serving::output_source::extent> output_folder::look(std::string_view task,
                                                                  std::string_view stream) {
  const fs::path file = file_of(task, stream);
  if (file.empty()) return std::nullopt;
  try {
    extent result;
    result.total = output_reader(file.string()).total();
    result.changed = fs::last_write_time(file).time_since_epoch().count();
    return result;
  } catch (const std::runtime_error&) {
    unreadable();
  }
}

std::string output_folder::trouble() {
  // Whoever asks must not wait for a folder that hangs: one looks, the others hear what it was.
  if (!mutex_.try_lock()) return last_trouble();
  const guard lock(mutex_, std::adopt_lock);
  const auto now = std::chrono::steady_clock::now();
  if (looked_ && now - *looked_ < tunables::output_look_every) return last_trouble();
  looked_ = now;
  const int error = try_to_keep();
  std::string found =
      error == 0 ? "" : "the output of programs cannot be kept: " + error_text(error);
  if (found != last_trouble()) {
    if (error != 0) log_.error("output.trouble", found, {{"folder", root_.string()}});
    if (error == 0) {
      log_.info("output.recovered", "the output of programs can be kept again",
                {{"folder", root_.string()}});
    }
  }
  const guard told(told_mutex_);
  trouble_ = std::move(found);
  return trouble_;
}

std::string output_folder::last_trouble() {
  const guard told(told_mutex_);
  return trouble_;
}

void output_folder::tell(logger log) {
  const guard lock(mutex_);
  log_ = std::move(log);
}

// What every call will need: a file with something in it. The errno.
int output_folder::try_to_keep() {
  try {
    make_root();
  } catch (const fs::filesystem_error& e) {
    return e.code().value();
  }
  const std::string file = (root_ / ".probe").string();
  ::unlink(file.c_str());
  const descriptor probe(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!probe) return errno;
  const std::string bytes(tunables::probe_bytes, '\0');
  const ssize_t wrote = ::write(probe.get(), bytes.data(), bytes.size());
  const int error = wrote < 0 ? errno : std::cmp_less(wrote, bytes.size()) ? ENOSPC : 0;
  ::unlink(file.c_str());
  return error;
}

fs::path default_output_place(const fs::path& temporary) {
  return temporary / ("longhaul-of-" + std::to_string(::geteuid()));
}

}  // namespace longhaul::command
