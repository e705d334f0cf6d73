// SPDX-License-Identifier: Apache-2.0
#include "command/ward_family.hpp"

#include <unistd.h>

#include <unordered_map>

namespace longhaul::command {
namespace {

std::vector<process_entry> with_descendants(const std::vector<process_entry>& all,
                                            const std::vector<process_entry>& roots) {
  std::unordered_set<pid_t> seen;
  std::vector<process_entry> found;
  for (const process_entry& root : roots) {
    if (!seen.insert(root.id).second) continue;
    found.push_back(root);
    for (const process_entry& below : descendants(all, root.id)) {
      if (seen.insert(below.id).second) found.push_back(below);
    }
  }
  return found;
}

}  // namespace

std::vector<process_entry> family_of(const family_signs& signs,
                                     const std::vector<process_entry>& all,
                                     const std::unordered_set<pid_t>& helpers,
                                     const std::unordered_set<pid_t>& spared) {
  std::unordered_map<pid_t, pid_t> parents;
  for (const process_entry& other : all) parents.emplace(other.id, other.parent);
  // Another attempt of the task, say, which has the same mark.
  const auto is_of_other_helper = [&](pid_t id) {
    while (id != signs.helper && !helpers.contains(id)) {
      const auto parent = parents.find(id);
      if (parent == parents.end() || parent->second == id) return false;
      id = parent->second;
    }
    return id != signs.helper;
  };
  std::vector<process_entry> roots;
  if (signs.helper_lives) roots = descendants(all, signs.helper);
  const pid_t self = ::getpid();
  for (const process_entry& other : all) {
    if (other.started < signs.helper_started || other.id == self || helpers.contains(other.id)) {
      continue;
    }
    if ((signs.session && other.session == signs.helper) ||
        (signs.orphans && other.parent == self && !spared.contains(other.id)) ||
        (has_environment(other.id, signs.mark) && !is_of_other_helper(other.id))) {
      roots.push_back(other);
    }
  }
  return with_descendants(all, roots);
}

}  // namespace longhaul::command
