// SPDX-License-Identifier: Apache-2.0
// Which definitions calls wait for, and that nothing is counted that does not wait.
#include "tasks/waiting_calls.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace longhaul::tasks {
namespace {

tool_ptr never_tool(const char* name) {
  auto tool = std::make_shared<tool_definition>();
  tool->options.name = name;
  tool->options.policy = task_policy::never;
  return tool;
}

TEST(waiting_calls, a_definition_is_known_as_long_as_a_call_of_it_waits) {
  waiting_calls all;
  const tool_ptr tool = never_tool("t");
  all.add({"1", "ann", tool});
  all.add({"2", "bob", tool});
  EXPECT_EQ(all.definition_of("1"), tool);
  EXPECT_EQ(all.in_memory(), std::vector<tool_ptr>{tool}) << "once, however many wait";
  all.remove("1");
  all.remove("1");
  EXPECT_EQ(all.definition_of("1"), nullptr);
  EXPECT_EQ(all.in_memory(), std::vector<tool_ptr>{tool});
  all.remove("2");
  EXPECT_TRUE(all.in_memory().empty());
}

TEST(waiting_calls, an_id_that_waits_already_counts_once) {
  waiting_calls all;
  const tool_ptr former = never_tool("t"), later = never_tool("t");
  all.add({"1", "ann", former});
  all.add({"1", "ann", later});
  EXPECT_EQ(all.definition_of("1"), former);
  EXPECT_EQ(all.in_memory(), std::vector<tool_ptr>{former});
  all.remove("1");
  all.add({"2", "ann", later});
  EXPECT_EQ(all.in_memory(), std::vector<tool_ptr>{later});
}

}  // namespace
}  // namespace longhaul::tasks
