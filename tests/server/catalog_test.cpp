// SPDX-License-Identifier: Apache-2.0
// What a catalog refuses of definitions that were made by hand.
#include "server/catalog.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

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

}  // namespace
}  // namespace longhaul::serving
