// SPDX-License-Identifier: Apache-2.0
#include "command/process_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/descriptor.hpp"
#include "command/tunables.hpp"

namespace longhaul::command {
namespace {

// Splits what stands between spaces.
class words {
 public:
  explicit words(std::string_view text) : rest_(text) {}
  std::string_view next() {
    const std::size_t length = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(std::min(length + 1, rest_.size()));
    return word;
  }
  template <class Number>
  Number number() {
    const std::string_view word = next();
    Number value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
  }

 private:
  std::string_view rest_;
};

// "PID (NAME) STATE PARENT GROUP SESSION …", field 22 is the start. A name may hold anything, so
// the last parenthesis counts.
std::optional<process_entry> parse(pid_t id, std::string_view text) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 4 > text.size()) return std::nullopt;
  process_entry entry;
  entry.id = id;
  entry.state = text[name_end + 2];
  words fields(text.substr(name_end + 4));
  entry.parent = fields.number<pid_t>();
  entry.group = fields.number<pid_t>();
  entry.session = fields.number<pid_t>();
  for (int field = 7; field < 22; ++field) fields.next();
  entry.started = fields.number<std::uint64_t>();
  return entry;
}

int open_pidfd(pid_t id) { return static_cast<int>(::syscall(SYS_pidfd_open, id, 0)); }

bool stopped_or_ended(const process_entry& process) {
  const auto now = read_process(process.id);
  return !now || now->started != process.started || now->ended() || now->state == 'T' ||
         now->state == 't';
}

// A signal is not obeyed at once: a fork that has begun on another processor comes to its end.
void wait_for_stop(const std::vector<process_entry>& all) {
  int looks = 0;
  for (const process_entry& one : all) {
    while (!stopped_or_ended(one)) {
      if (++looks > tunables::stop_looks) return;
      ::poll(nullptr, 0, static_cast<int>(tunables::between_stop_looks.count()));
    }
  }
}

// The texts of a file of /proc in which each ends with a NUL.
std::vector<std::string> texts_of(pid_t id, const char* name) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/%s", static_cast<int>(id), name);
  const descriptor file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, std::size_t{16} * 1024> part{};
  while (file && text.size() < tunables::max_process_text) {
    const ssize_t length = ::read(file.get(), part.data(), part.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(length));
  }
  std::vector<std::string> result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    result.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

}  // namespace

std::optional<process_entry> read_process(pid_t id) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", static_cast<int>(id));
  const descriptor file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> text{};  // a name has 64 bytes at most, the numbers need 500
  const ssize_t length = ::read(file.get(), text.data(), text.size());
  if (length <= 0) return std::nullopt;
  return parse(id, {text.data(), static_cast<std::size_t>(length)});
}

std::vector<process_entry> all_processes() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), &::closedir);
  if (!folder) throw std::system_error(errno, std::generic_category(), "cannot read /proc");
  std::vector<process_entry> result;
  while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = entry->d_name;
    pid_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (const auto found = read_process(id)) result.push_back(*found);
  }
  return result;
}

bool has_environment(pid_t id, std::string_view variable) {
  if (variable.empty()) return false;
  const auto all = texts_of(id, "environ");
  return std::find(all.begin(), all.end(), variable) != all.end();
}

std::string environment_of(pid_t id, std::string_view name) {
  for (const std::string& one : texts_of(id, "environ")) {
    if (one.size() > name.size() && one[name.size()] == '=' && one.starts_with(name)) {
      return one.substr(name.size() + 1);
    }
  }
  return {};
}

std::vector<std::string> command_line_of(pid_t id) { return texts_of(id, "cmdline"); }

std::vector<process_entry> descendants(const std::vector<process_entry>& all, pid_t root) {
  std::unordered_multimap<pid_t, const process_entry*> children;
  for (const process_entry& one : all) children.emplace(one.parent, &one);

  std::vector<process_entry> found;
  std::unordered_set<pid_t> seen{root};
  const auto take_children = [&](pid_t parent, std::uint64_t parent_started) {
    for (auto [at, end] = children.equal_range(parent); at != end; ++at) {
      // A parent that is younger than its child is another process with the old one's id.
      if (at->second->started >= parent_started && seen.insert(at->second->id).second) {
        found.push_back(*at->second);
      }
    }
  };
  take_children(root, 0);
  for (std::size_t i = 0; i < found.size(); ++i) take_children(found[i].id, found[i].started);
  return found;
}

delivery send_signal(const process_entry& process, int signal) noexcept {
  const descriptor target(open_pidfd(process.id));
  if (!target) return delivery::gone;
  const auto now = read_process(process.id);
  if (!now || now->started != process.started || now->ended()) return delivery::gone;
  if (::syscall(SYS_pidfd_send_signal, target.get(), signal, nullptr, 0) == 0) {
    return delivery::sent;
  }
  return errno == EPERM ? delivery::refused : delivery::gone;
}

std::vector<process_entry> stop_all(const process_finder& find) {
  std::set<std::pair<pid_t, std::uint64_t>> stopped;
  std::vector<process_entry> found;
  for (int pass = 0, quiet = 0; pass < tunables::stop_passes && quiet < tunables::quiet_passes;
       ++pass) {
    found = find();
    std::erase_if(found, [](const process_entry& one) { return one.ended(); });
    ++quiet;
    for (const process_entry& one : found) {
      if (!stopped.emplace(one.id, one.started).second) continue;
      quiet = 0;
      send_signal(one, SIGSTOP);
    }
    if (quiet == 0) wait_for_stop(found);
  }
  return found;
}

kill_result kill_all(const process_finder& find) noexcept {
  kill_result result;
  try {
    const auto found = stop_all(find);
    result.found = found.size();
    for (const process_entry& one : found) {
      if (send_signal(one, SIGKILL) == delivery::refused) ++result.refused;
    }
  } catch (const std::exception&) {  // no memory or descriptors at this moment
    result.found = result.refused + 1;
  }
  return result;
}

own_children::own_children() {
  const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::vector<pid_t> own_children::ids() const {
  std::array<char, 4096> text{};
  std::vector<pid_t> children;
  // From the beginning it is read anew.
  const ssize_t length = file_ ? ::pread(file_.get(), text.data(), text.size(), 0) : 0;
  if (length <= 0) return children;
  const char* const end = text.data() + length;
  for (const char* at = text.data(); at != end;) {
    pid_t child = 0;
    const auto [next, error] = std::from_chars(at, end, child);
    // The last number may be cut off: each is followed by a space.
    if (error != std::errc() || next == end) break;
    children.push_back(child);
    at = next + 1;
  }
  return children;
}

void own_children::chase(const std::function<bool(pid_t)>& ours,
                         const std::function<bool(const std::vector<pid_t>&)>& collect) const {
  std::vector<pid_t> last;
  int same = 0;
  for (int i = 0; i < tunables::chases && same < tunables::idle_chases; ++i) {
    std::vector<pid_t> children = ids();
    std::erase_if(children, [&](pid_t child) { return !ours(child); });
    bool any_sent = false;
    for (const pid_t child : children) any_sent |= ::kill(child, SIGKILL) == 0;
    if (!any_sent || !collect(children)) return;
    same = last == children ? same + 1 : 0;
    last = std::move(children);
  }
}

}  // namespace longhaul::command
