// SPDX-License-Identifier: Apache-2.0
#include "run/default_store.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "sqlite/lock_file.hpp"

namespace longhaul {
namespace {

constexpr int most_at_once = 64;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value != nullptr ? value : "";
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

std::string default_state_folder() {
  // The specification of these variables: what is not absolute is to be ignored.
  if (const std::string state = variable("XDG_STATE_HOME"); state.starts_with('/')) {
    return state + "/longhaul";
  }
  if (const std::string home = variable("HOME"); home.starts_with('/')) {
    return home + "/.local/state/longhaul";
  }
  throw std::runtime_error(
      "neither XDG_STATE_HOME nor HOME says where tasks may be kept: write --store sqlite:PATH");
}

std::string store_file_for(const std::string& folder, const std::string& server) {
  std::string name = server;
  std::replace_if(name.begin(), name.end(), [](char c) { return !is_plain(c); }, '_');
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return folder + "/" + name + ".db";
}

std::shared_ptr<stores::store> open_default_store(
    const std::string& folder, const std::string& server, bool several,
    const std::function<void(const std::string&)>& tell, std::string& path) {
  for (int turn = 1;; ++turn) {
    path = store_file_for(folder, turn == 1 ? server : server + "-" + std::to_string(turn));
    try {
      auto opened = sqlite_store(path);
      if (turn > 1) tell("tasks are kept in " + path);
      return opened;
    } catch (const sqlite::store_in_use& e) {
      if (!several || turn == most_at_once) throw;
      if (turn == 1) tell(e.what());
    }
  }
}

}  // namespace longhaul
