// SPDX-License-Identifier: Apache-2.0
#include "open/open_store.hpp"

#include "open/default_store.hpp"
#include "open/store_url.hpp"
#include "sqlite/lock_file.hpp"

namespace longhaul {
namespace {

constexpr int most_files = 64;

opened_store open_file(const std::string& path) { return {sqlite_store(path), path, path}; }

opened_store open_default(const store_choice& choice,
                          const std::function<void(const std::string&)>& tell) {
  const std::string folder =
      choice.state_folder.empty() ? default_state_folder() : choice.state_folder;
  for (int turn = 1;; ++turn) {
    const std::string path = default_store_file(
        folder, turn == 1 ? choice.server : choice.server + "-" + std::to_string(turn));
    try {
      opened_store opened = open_file(path);
      if (turn > 1) tell("tasks are kept in " + path);
      return opened;
    } catch (const sqlite::store_in_use& e) {
      if (!choice.several || turn == most_files) throw;
      if (turn == 1) tell(e.what());
    }
  }
}

}  // namespace

opened_store open_store(const store_choice& choice,
                        const std::function<void(const std::string&)>& tell) {
  if (!choice.url.empty()) {
    const store_url url = parse_store_url(choice.url);
    if (!url.in_memory) return open_file(url.path);
    return {memory_store(), {}, "memory: they end with this process"};
  }
  if (choice.opened) return {choice.opened, {}, "the store of the program"};
  return open_default(choice, tell);
}

}  // namespace longhaul
