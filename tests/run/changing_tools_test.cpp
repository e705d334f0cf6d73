// SPDX-License-Identifier: Apache-2.0
// Tools that are added and removed through the public API while the server runs.
#include <gtest/gtest.h>

#include <thread>

#include "longhaul/server.hpp"
#include "longhaul/store.hpp"
#include "run/service.hpp"
#include "server/catalog.hpp"

namespace longhaul::test {
namespace {

class dynamic : public testing::Test {
 protected:
  void start() {
    running.emplace(farm, service_options{.store = memory_store()}, log);
    running->start();
  }
  ~dynamic() override {
    if (!running) return;
    running->engine().drain(std::chrono::seconds(60), std::chrono::seconds(60));
    running->stop();
  }
  task_ptr submit(const std::string& tool) {
    task_request work;
    work.tool = tool;
    return farm.tasks().submit(work);
  }
  task_status end_of(const std::string& tool) {
    return farm.tasks().wait("local", submit(tool)->id())->status;
  }

  server farm{{.name = "farm", .dynamic = true}};
  process_log log{{}, false};
  std::optional<service> running;
};

TEST_F(dynamic, can_be_called_as_soon_as_they_are_added_and_no_more_once_removed) {
  farm.add_tool({.name = "first"}, [] {});
  start();
  EXPECT_EQ(end_of("first"), task_status::completed);
  farm.add_tool({.name = "second"}, [] {});
  EXPECT_EQ(end_of("second"), task_status::completed);
  EXPECT_TRUE(farm.remove_tool("second"));
  EXPECT_FALSE(farm.remove_tool("second"));
  EXPECT_THROW(submit("second"), std::exception);
  EXPECT_THROW(farm.add_tool({.name = "no good"}, [] {}), std::invalid_argument);
  farm.add_tool({.name = "second"}, [] {});
  EXPECT_EQ(end_of("second"), task_status::completed);
}

TEST_F(dynamic, come_and_go_on_many_threads_while_others_are_called) {
  farm.add_tool({.name = "steady"}, [] {});
  start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([this, t] {
      const std::string name = "comes" + std::to_string(t);
      for (int i = 0; i < 50; ++i) {
        farm.add_tool({.name = name}, [] {});
        EXPECT_EQ(end_of(name), task_status::completed);
        EXPECT_TRUE(farm.remove_tool(name));
        farm.tools_changed();
      }
    });
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(end_of("steady"), task_status::completed);
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(farm.faults().empty());
}

TEST_F(dynamic, have_to_be_wished_for) {
  server fixed{{.name = "fixed"}};
  service serving(fixed, {.store = memory_store()}, log);
  serving.start();
  EXPECT_THROW(fixed.add_tool({.name = "late"}, [] {}), std::logic_error);
  EXPECT_THROW(fixed.remove_tool("late"), std::logic_error);
  serving.engine().drain(std::chrono::seconds(60), std::chrono::seconds(60));
  serving.stop();
}

}  // namespace
}  // namespace longhaul::test
