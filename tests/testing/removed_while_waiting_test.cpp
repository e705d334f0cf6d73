// SPDX-License-Identifier: Apache-2.0
// Plain calls that wait for a slot when what they call is removed: nobody waits for its return.
#include <gtest/gtest.h>

#include "longhaul/longhaul.hpp"
#include "longhaul/testing.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using testkit::operator""_json;

class removed_while_waiting : public testing::Test {
 protected:
  removed_while_waiting() {
    plugins.add_tool({.name = "block", .policy = task_policy::never}, [](task_context& task) {
      task.sleep_for(10s);
      return "over";
    });
  }
  /// The reply to what `begin` begins while the only slot is taken, and `remove` then removes.
  template <class Begin, class Remove>
  testkit::reply<testkit::result> reply_to(Begin begin, Remove remove) {
    testkit::test_server serving(plugins);
    testkit::client first(serving), second(serving);
    testkit::pending blocking = first.begin_tool("block");
    serving.run_until_idle();
    testkit::pending waiting = begin(second);
    serving.run_until_idle();
    remove();
    blocking.wait();
    return waiting.wait();
  }
  server plugins{{.name = "plugins", .max_running = 1, .dynamic = true}};
};

TEST_F(removed_while_waiting, a_prompt_is_what_it_was) {
  plugins.add_prompt({.name = "poem"}, [] { return "roses"; });
  const auto reply =
      reply_to([](auto& host) { return host.begin("prompts/get", R"({"name":"poem"})"_json); },
               [&] { plugins.remove_prompt("poem"); });
  ASSERT_TRUE(reply.ok());
  EXPECT_NE(reply->json().view().find("roses"), std::string_view::npos);
}

TEST_F(removed_while_waiting, a_tool_that_never_makes_tasks_runs) {
  plugins.add_tool({.name = "late", .policy = task_policy::never}, [] { return "ran"; });
  const auto reply = reply_to([](auto& host) { return host.begin_tool("late"); },
                              [&] { plugins.remove_tool("late"); });
  ASSERT_TRUE(reply.ok());
  EXPECT_NE(reply->json().view().find("ran"), std::string_view::npos);
}

TEST_F(removed_while_waiting, a_tool_whose_tasks_wait_beside_it_is_refused) {
  plugins.add_tool({.name = "late"}, [] { return "ran"; });
  const auto reply = reply_to([](auto& host) { return host.begin_tool("late"); },
                              [&] { plugins.remove_tool("late"); });
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.code(), -32602);
  EXPECT_EQ(reply.error().message, "the tool was removed before this call could begin");
}

}  // namespace
}  // namespace longhaul::test
