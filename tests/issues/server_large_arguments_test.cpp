// SPDX-License-Identifier: Apache-2.0
// Checking 300,000 items took 0.9 s on the thread that serves everybody. What a message may cost
// there is bounded: long arguments and answers are checked on the pool.
#include <thread>

#include "server/dispatcher_fixture.hpp"

namespace longhaul::test {
namespace {

class large_arguments : public dispatcher_fixture {};

TEST_F(large_arguments, are_checked_on_the_pool_and_small_ones_at_once) {
  std::vector<std::thread::id> checked;
  tool_definition tool;
  tool.options.name = "work";
  tool.accept = [&](const raw_json& arguments, const argument_leniency&) {
    checked.push_back(std::this_thread::get_id());
    if (json::value(arguments)["bad"]) throw invalid_arguments("arguments.bad: not that");
    return call_arguments(arguments);
  };
  tool.handler = blocking_handler([](task_context&, const raw_json&) -> handler_result {
    return outcome::result(raw_json::trusted(R"({"content":[]})"));
  });
  tools->add(std::move(tool));
  start();
  const std::string many(100'000, 'x');
  auto what = request("work");
  what.arguments = raw_json::parse(R"({"a":"x"})");
  EXPECT_TRUE(std::holds_alternative<outcome>(call(what)));
  what.arguments = raw_json::parse(R"({"a":")" + many + "\"}");
  EXPECT_TRUE(std::holds_alternative<outcome>(call(what)));
  what.arguments = raw_json::parse(R"({"bad":")" + many + "\"}");
  EXPECT_EQ(refusal_in(call(what)), refusal::invalid_arguments);
  ASSERT_EQ(checked.size(), 3u);
  EXPECT_EQ(checked[0], std::this_thread::get_id());
  EXPECT_NE(checked[1], std::this_thread::get_id());
  EXPECT_NE(checked[2], std::this_thread::get_id());
}

TEST_F(large_arguments, of_fallback_tools_are_read_on_the_pool_as_well) {
  std::thread::id read;
  tools->add_fallback_tools();
  const auto answers = std::make_shared<tool_entry>(*tools->tools().find("task_answer"));
  answers->definition.accept = [&, own = answers->definition.accept](const raw_json& arguments,
                                                                     const argument_leniency& how) {
    read = std::this_thread::get_id();
    return own(arguments, how);
  };
  ASSERT_TRUE(tools->tools().replace(answers));
  start();
  auto what = request("task_answer");
  what.arguments = raw_json::parse(R"({"task_id":"x","key":"k","content":{"a":")" +
                                   std::string(100'000, 'x') + "\"}}");
  call(what);
  EXPECT_NE(read, std::thread::id());
  EXPECT_NE(read, std::this_thread::get_id());
}

}  // namespace
}  // namespace longhaul::test
