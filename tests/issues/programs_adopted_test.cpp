// SPDX-License-Identifier: Apache-2.0
// `longhaul serve` adopts what loses its parents beneath it, and took every child for such: a shell
// had started a sidecar and became the server, and the sidecar was killed with the first helper
// that died. Orphans that ended by themselves stayed as zombies; and where SIGCHLD was ignored,
// nobody knew how a helper had ended.
#include <gtest/gtest.h>

#include <csignal>

#include "programs/fixture.hpp"

namespace longhaul::test {
namespace {

class adopted : public serve {
 protected:
  ~adopted() override {
    for (const pid_t id : started_) ::kill(id, SIGKILL);
  }

  /// A shell that runs `script` and becomes the server.
  static std::vector<std::string> shell(const std::string& script) {
    return {"/bin/sh", "-c", script + "\nexec \"$@\"", "sh"};
  }
  // Its output does not keep the pipes of the server open.
  static constexpr const char* sleep = "sleep 1000 </dev/null >/dev/null 2>&1";

  pid_t id_in(const std::string& file) {
    std::string text;
    EXPECT_TRUE(wait_until([&] { return (text = text_of(home.file(file))).ends_with('\n'); }));
    started_.push_back(text.empty() ? 0 : std::stoi(text));
    return started_.back();
  }
  std::string killer() const {
    return script_tool(home, "killer", "kill -9 $PPID\nexec sleep 1000", marked);
  }
  static std::string all_of(const json::object& task) { return json::serialize(task); }

 private:
  std::vector<pid_t> started_;
};

TEST_F(adopted, a_sidecar_of_the_server_outlives_helpers_that_are_killed) {
  served server(home, killer(), "",
                shell(std::string(sleep) + " & echo $! >'" + home.file("sidecar") + "'"));
  const pid_t sidecar = id_in("sidecar");
  ASSERT_EQ(state_of(sidecar).parent, server.process().pid());
  const std::string end = all_of(server.end_of(server.start("killer")));
  EXPECT_NE(end.find("was killed by signal 9"), std::string::npos) << end;
  EXPECT_EQ(state_of(sidecar).parent, server.process().pid());
  EXPECT_NE(state_of(sidecar).state, 'Z') << "it was killed";
}

TEST_F(adopted, orphans_that_end_by_themselves_leave_no_zombies) {
  const std::string parent = "(" + std::string(sleep) + " & echo $! >'" + home.file("orphan") +
                             "'; exec " + sleep + ") & echo $! >'" + home.file("parent") + "'";
  served server(home, script_tool(home, "hello", "echo hello", marked), "", shell(parent));
  const pid_t orphan = id_in("orphan"), its_parent = id_in("parent");
  ASSERT_EQ(::kill(its_parent, SIGKILL), 0);
  ASSERT_TRUE(wait_until([&] { return state_of(orphan).parent == server.process().pid(); }));
  ASSERT_EQ(::kill(orphan, SIGKILL), 0);
  ASSERT_TRUE(wait_until([&] { return state_of(orphan).state != 'S'; }));
  EXPECT_TRUE(wait_until([&] {
    EXPECT_EQ(served::text(server.result("hello")), "hello\n");
    return state_of(orphan).state == '\0';
  }));
}

TEST_F(adopted, how_a_helper_ended_is_known_although_SIGCHLD_was_ignored) {
  served server(home, killer(), "", {"/usr/bin/env", "--ignore-signal=CHLD"});
  const std::string end = all_of(server.end_of(server.start("killer")));
  EXPECT_NE(end.find("was killed by signal 9"), std::string::npos) << end;
}

}  // namespace
}  // namespace longhaul::test
