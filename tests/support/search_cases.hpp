// SPDX-License-Identifier: Apache-2.0
// What tests of stores with very many tasks look for: each kind of filter, with a name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "longhaul/stores/search.hpp"

namespace longhaul::test {

inline std::vector<std::pair<std::string, stores::task_filter>> search_cases() {
  using stores::phase;
  using stores::task_filter;
  std::vector<std::pair<std::string, task_filter>> all;
  const auto add = [&](const std::string& name) -> task_filter& {
    return all.emplace_back(name, task_filter()).second;
  };
  add("all");
  add("completed").phases = {phase::completed};
  add("failed").phases = {phase::failed};
  add("failed or cancelled").phases = {phase::failed, phase::cancelled};
  add("waiting").phases = {phase::waiting};
  add("running").phases = {phase::running};
  add("open").phases = stores::open_phases;
  add("a rare tool").tool = "rare";
  add("a common tool").tool = "common";
  add("an owner").owner = "bob";
  task_filter& both = add("a tool and an owner");
  both.tool = "common";
  both.owner = "bob";
  task_filter& failed = add("failed of a tool");
  failed.tool = "rare";
  failed.phases = {phase::failed};
  add("since").since = timestamp(milliseconds(1'000'000'000'000));
  add("a text that is there").text = "scene 7";
  add("a text that is not").text = "nothing of the kind";
  add("the beginning of an id").id_prefix = std::string(33, '0') + "1";
  add("a whole id").id_prefix = std::string(33, '0') + "1ff";
  add("no id").id_prefix = std::string(35, '0') + "x";
  add("the beginning of all ids").id_prefix = "0";
  task_filter& bad = add("failed of some ids");
  bad.id_prefix = std::string(33, '0') + "1";
  bad.phases = {phase::failed};
  return all;
}

}  // namespace longhaul::test
