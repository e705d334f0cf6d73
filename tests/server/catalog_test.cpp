// SPDX-License-Identifier: Apache-2.0
// What a catalog refuses of definitions that were made by hand.
#include "server/catalog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "longhaul/prompt.hpp"
#include "longhaul/resource.hpp"

namespace longhaul::serving {
namespace {

boost::asio::awaitable<handler_result> nothing(task_context&, call_arguments) {
  co_return outcome();
}

tool_definition quick_tool() {
  tool_definition tool;
  tool.options.name = "t";
  tool.options.policy = task_policy::never;
  tool.options.quick = true;
  tool.handler = coroutine_handler(nothing);
  return tool;
}

std::string refusal_of(const tool_definition& tool) {
  catalog all(server_identity{"test", "1", "", ""});
  try {
    all.add(tool);
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "accepted";
}

TEST(catalog, quick_is_for_coroutines_of_the_policy_never_that_end) {
  EXPECT_EQ(refusal_of(quick_tool()), "accepted");
  const auto refused = [](const std::function<void(tool_definition&)>& change) {
    tool_definition tool = quick_tool();
    change(tool);
    const std::string text = refusal_of(tool);
    return text.starts_with("tool \"t\": quick is for ");
  };
  EXPECT_TRUE(refused([](auto& tool) {
    tool.handler = blocking_handler(
        [](task_context&, const call_arguments&) -> handler_result { return outcome(); });
  }));
  EXPECT_TRUE(refused([](auto& tool) { tool.options.policy = task_policy::automatic; }));
  EXPECT_TRUE(refused([](auto& tool) { tool.options.external = true; }));
}

TEST(catalog, options_that_contradict_each_other_are_refused) {
  tool_definition tool = quick_tool();
  tool.options.quick = false;
  tool.options.unique_for = std::chrono::seconds(1);
  EXPECT_EQ(refusal_of(tool), R"(tool "t": unique_for is for tools that are unique)");
  tool.options.unique = true;
  EXPECT_EQ(refusal_of(tool), "accepted");
  tool.options.concurrency = 1;
  tool.options.concurrency_key = "{x}";
  EXPECT_EQ(refusal_of(tool),
            R"(tool "t": concurrency_key: there is no parameter "x"; there are none)");
  tool.input_schema = raw_json::trusted(R"({"type":"object","properties":{"x":{}}})");
  EXPECT_EQ(refusal_of(tool), "accepted");
}

// The engine's list had prompts and resources by their names. Of two that were added at once, the
// one that was refused took the other's name out of it, and calls of that never left the queue.
TEST(catalog, one_of_two_that_are_added_at_once_is_there_and_whole) {
  for (int round = 0; round < 200; ++round) {
    catalog all(server_identity{"test", "1", "", ""});
    std::atomic<int> added{0};
    const auto add = [&](const std::string& text) {
      try {
        all.add(make_prompt({.name = "p"}, [text] { return text; }));
        all.add(make_resource({.uri = "memo:///p", .name = "p"}, [text] { return text; }));
        ++added;
      } catch (const std::invalid_argument&) {  // the other one was there first
        ++added;
      }
    };
    std::thread other([&] { add("other"); });
    add("this");
    other.join();
    ASSERT_EQ(added, 2);
    ASSERT_TRUE(all.find_prompt_for({}, "p"));
  }
}

TEST(catalog, only_tools_are_looked_up_by_the_engine) {
  catalog all(server_identity{"test", "1", "", ""});
  all.add(make_prompt({.name = "p"}, [] { return "text"; }));
  all.add(quick_tool());
  EXPECT_EQ(all.all()->size(), 1u);
  EXPECT_EQ(all.find("t"), all.all()->front());
  EXPECT_FALSE(all.find("prompts/p")) << "whoever calls it has it";
}

TEST(poll_interval, follows_what_a_call_usually_takes_unless_it_is_given) {
  using namespace std::chrono_literals;
  const auto told = [](std::optional<milliseconds> expected,
                       std::optional<milliseconds> given = std::nullopt) {
    tool_options tool;
    tool.expected = expected;
    tool.poll_interval = given;
    return serving::poll_interval_of(tool);
  };
  EXPECT_EQ(told(std::nullopt), 1s);
  EXPECT_EQ(told(10s), 1s);
  EXPECT_EQ(told(100s), 2500ms);
  EXPECT_EQ(told(1h), 15s);
  EXPECT_EQ(told(1h, 1s), 1s) << "what is said, is meant";
}

}  // namespace
}  // namespace longhaul::serving
