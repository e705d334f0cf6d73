// SPDX-License-Identifier: Apache-2.0
// Programs that fight their helper in every way we could think of (fighter.py), all at once under
// one server, and the four ways in which they have to end all the same. Afterwards every task is
// terminal, every slot is free, and no process is left, zombies included.
//
// A program that stopped its helper again and again, or traced it, outlived limit, cancel and
// server, and kept its slot; one stop and a killed server did, too, even after the restart.
#include <array>
#include <fstream>
#include <sstream>
#include <utility>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

constexpr std::array fights = {"stop_once",
                               "stop_for_ever",
                               "stop_for_ever_clean",
                               "stop_and_exit",
                               "attach",
                               "seize",
                               "kill_helper",
                               "kill_helper_and_hop",
                               "kill_helper_after_the_server",
                               "signal_helper",
                               "take_descriptors",
                               "take_time",
                               "exhaust_processes",
                               "become_idle",
                               "flood_output",
                               "flood_channel",
                               "close_all",
                               "remove_folder",
                               "move_folder",
                               "lock_up_folder",
                               "forge_files",
                               "bomb",
                               "daemons",
                               "hop",
                               "reap_ourselves",
                               "join_group",
                               "stop_ourselves"};

class programs_that_fight : public serve {
 protected:
  void begin(const std::string& more = "") {
    tool_ = "[[tool]]\nname = \"fight\"\ndescription = \"fights\"\ncommand = [\"" LONGHAUL_TEST_DATA
            "/fighter.py\", \"" +
            home.path() + "\", \"{how}\"]\nstop_grace = \"200ms\"\noutput_limit = \"64KiB\"\n" +
            "progress = '(?P<percent>\\d+)%'\n" + marked +
            "concurrency = " + std::to_string(fights.size()) + "\n" + more +
            "[tool.params.how]\ntype = \"string\"\nrequired = true\n";
    server = std::make_unique<served>(home, tool_);
    for (const char* how : fights) tasks_.push_back(server->start("fight", {{"how", how}}));
    for (std::size_t i = 0; i < fights.size(); ++i) {
      EXPECT_TRUE(wait_until([&] {
        return fs::exists(home.file(std::string("ready-") + fights[i])) || has_ended(tasks_[i]);
      })) << fights[i];
    }
  }
  // What forgot its environment or never stays the same process, and outlives both helper and
  // server, nobody can know: the server is given the time to deal with helpers that were killed.
  void wait_for_killed_helpers() {
    for (std::size_t i = 0; i < fights.size(); ++i) {
      const std::string how = fights[i];
      if (how != "kill_helper" && how != "kill_helper_and_hop") continue;
      EXPECT_TRUE(wait_until([&] { return has_ended(tasks_[i]); })) << how;
    }
  }
  bool has_ended(const std::string& task) {
    const std::string is = served::status(server->get(task));
    return is != "working" && is != "input_required";
  }

  /// Those that are there of all that the programs ever were.
  std::string living() const {
    std::istringstream all(text_of(home.file("pids")));
    std::string found;
    pid_t id = 0;
    for (std::string started; all >> id >> started;) {
      std::istringstream stat(text_of("/proc/" + std::to_string(id) + "/stat"));
      std::string text;
      std::getline(stat, text, '\0');
      const auto name_end = text.rfind(')');
      if (name_end == std::string::npos || state_of(id).state == 'Z') continue;
      std::istringstream fields(text.substr(name_end + 2));
      std::string field;
      for (int i = 3; i <= 22; ++i) fields >> field;
      if (field == started) found += text_of("/proc/" + std::to_string(id) + "/cmdline") + "\n";
    }
    return found;
  }
  void expect_nothing_left() {
    EXPECT_TRUE(wait_until([&] { return living().empty(); })) << living();
  }
  void expect_all_is_well() {
    for (std::size_t i = 0; i < tasks_.size(); ++i) server->end_of(tasks_[i]);
    expect_nothing_left();
    EXPECT_TRUE(wait_until([&] { return children_of(server->process().pid()).empty(); }))
        << "helpers, or zombies that nobody collected";
    std::vector<std::string> peaceful;
    for (std::size_t i = 0; i < fights.size(); ++i) {
      peaceful.push_back(server->start("fight", {{"how", "nothing"}}));
    }
    for (const std::string& task : peaceful) {
      EXPECT_EQ(served::status(server->end_of(task)), "completed") << "a slot is not free";
    }
  }

  std::string tool_;
  std::unique_ptr<served> server;
  std::vector<std::string> tasks_;
};

TEST_F(programs_that_fight, end_when_their_tasks_are_cancelled) {
  begin();
  for (const std::string& task : tasks_) server->cancel(task);
  expect_all_is_well();
}

TEST_F(programs_that_fight, end_at_their_limit) {
  begin("attempt_limit = \"4s\"\n");
  expect_all_is_well();
}

TEST_F(programs_that_fight, end_after_a_killed_server_with_the_next_one_at_the_latest) {
  begin();
  wait_for_killed_helpers();
  server->process().signal(SIGKILL);
  server->process().wait();
  server = std::make_unique<served>(home, tool_);
  expect_all_is_well();
}

TEST_F(programs_that_fight, end_with_a_server_that_drains) {
  begin();
  wait_for_killed_helpers();
  server->process().signal(SIGTERM);
  EXPECT_NE(server->process().error_line_with("stopping"), "");
  server->process().signal(SIGTERM);
  EXPECT_EQ(server->process().wait(), 0);
  expect_nothing_left();
}

}  // namespace
}  // namespace longhaul::test
