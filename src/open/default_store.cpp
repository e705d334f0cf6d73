// SPDX-License-Identifier: Apache-2.0
#include "open/default_store.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "base/names.hpp"

namespace longhaul {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value != nullptr ? value : "";
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

std::string default_store_file(const std::string& folder, const std::string& server) {
  std::string name = server;
  std::replace_if(name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '_');
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return folder + "/" + name + ".db";
}

}  // namespace longhaul
