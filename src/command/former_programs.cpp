// SPDX-License-Identifier: Apache-2.0
#include "command/former_programs.hpp"

#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "command/process_table.hpp"
#include "command/task_mark.hpp"
#include "command/tunables.hpp"
#include "command/warden.hpp"

namespace longhaul::command {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// What a helper was started with.
struct helper_options {
  fs::path folder;
  std::chrono::milliseconds grace{0};
};

std::optional<helper_options> options_of_helper(pid_t id) {
  const std::vector<std::string> words = command_line_of(id);
  if (words.size() < 2 || words[0] != "longhaul-run") return std::nullopt;
  helper_options found;
  for (std::size_t i = 1; i + 1 < words.size() && words[i] != "--"; i += 2) {
    const std::string& value = words[i + 1];
    if (words[i] == "--dir") found.folder = value;
    if (words[i] == "--grace") {
      long long grace = 0;
      std::from_chars(value.data(), value.data() + value.size(), grace);
      found.grace = std::chrono::milliseconds(grace);
    }
  }
  return found;
}

bool is_same_folder(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return a == b || fs::equivalent(a, b, error);
}

/// The table as it is at the start: the helpers of all servers, and who is whose child.
class survey {
 public:
  survey() : all_(all_processes()) {
    for (const process_entry& one : all_) {
      parents_.emplace(one.id, one.parent);
      if (auto options = options_of_helper(one.id)) helpers_.emplace(one.id, std::move(*options));
    }
  }

  void end_helpers_in(const fs::path& root) const {
    for (const process_entry& one : all_) {
      const auto helper = helpers_.find(one.id);
      if (helper == helpers_.end() || one.ended()) continue;
      const helper_options& options = helper->second;
      if (!is_same_folder(options.folder.parent_path(), root)) continue;
      end_former_helper(one, options.grace, task_mark(options.folder.filename().string()));
    }
  }

  /// Tasks of which something runs that no helper looks after.
  std::set<std::string> without_helper() const {
    std::set<std::string> tasks;
    for (const process_entry& one : all_) {
      if (one.id == ::getpid() || one.ended() || has_helper(one.id)) continue;
      if (std::string task = marked_task_of(one.id); !task.empty()) tasks.insert(std::move(task));
    }
    return tasks;
  }

 private:
  bool has_helper(pid_t id) const {
    while (!helpers_.contains(id)) {
      const auto parent = parents_.find(id);
      if (parent == parents_.end() || parent->second == id) return false;
      id = parent->second;
    }
    return true;
  }

  std::vector<process_entry> all_;
  std::unordered_map<pid_t, pid_t> parents_;
  std::unordered_map<pid_t, helper_options> helpers_;
};

void wait_for(const std::vector<std::shared_ptr<ward>>& wards) {
  const auto end = std::chrono::steady_clock::now() + tunables::former_programs_wait;
  for (const auto& one : wards) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd gone{one->gone(), POLLIN, 0};
    if (left > 0ms) ::poll(&gone, 1, static_cast<int>(left.count()));
  }
}

}  // namespace

void end_former_programs(const fs::path& root,
                         const std::function<bool(const std::string& task)>& ours) noexcept {
  try {
    const survey now;
    now.end_helpers_in(root);
    std::vector<std::shared_ptr<ward>> ending;
    for (const std::string& task : now.without_helper()) {
      if (ours(task)) ending.push_back(end_marked(task_mark(task)));
    }
    wait_for(ending);
  } catch (const std::exception&) {
    return;  // no memory, no descriptors, no /proc
  }
}

}  // namespace longhaul::command
