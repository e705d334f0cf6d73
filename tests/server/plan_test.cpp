// SPDX-License-Identifier: Apache-2.0
// What becomes of a call, by the tool's policy and by how its caller wants it to be answered.
#include <gtest/gtest.h>

#include "server/calls.hpp"

namespace longhaul::serving {
namespace {

TEST(plan_of, is_the_table_of_the_docs) {
  using enum call_mode;
  const auto plans = [](task_policy policy) {
    return std::array{plan_of(policy, wait), plan_of(policy, may_become_task),
                      plan_of(policy, as_task)};
  };
  EXPECT_EQ(plans(task_policy::never), (std::array{plan::plain, plan::plain, plan::forbidden}));
  EXPECT_EQ(plans(task_policy::automatic), (std::array{plan::plain, plan::inline_or, plan::task}));
  EXPECT_EQ(plans(task_policy::always), (std::array{plan::required, plan::task, plan::task}));
}

TEST(may_be_asked, by_kind) {
  using can = client_capability;
  const auto asked = [](const std::string& text, std::initializer_list<can> declared) {
    question_modes modes;
    for (const can one : declared) modes.add(one);
    return may_be_asked(modes, json::value(std::string_view(text)));
  };
  const std::string form = R"({"method":"elicitation/create","params":{"mode":"form"}})";
  const std::string old = R"({"method":"elicitation/create","params":{}})";
  const std::string url = R"({"method":"elicitation/create","params":{"mode":"url"}})";
  EXPECT_TRUE(asked(form, {can::elicitation_form}));
  EXPECT_TRUE(asked(old, {can::elicitation_form}));
  EXPECT_FALSE(asked(url, {can::elicitation_form}));
  EXPECT_TRUE(asked(url, {can::elicitation_url}));
  EXPECT_FALSE(asked(form, {can::elicitation_url}));
  EXPECT_TRUE(asked(R"({"method":"roots/list","params":{}})", {can::roots}));
  EXPECT_FALSE(asked(R"({"method":"roots/list","params":{}})", {can::sampling}));
  EXPECT_FALSE(asked(R"({"method":"else/what","params":{}})", {can::sampling, can::roots}));

  const auto sampling = [](const std::string& params) {
    return R"({"method":"sampling/createMessage","params":{)" + params + "}}";
  };
  EXPECT_TRUE(asked(sampling(""), {can::sampling}));
  EXPECT_FALSE(asked(sampling(""), {can::elicitation_form, can::roots}));
  EXPECT_TRUE(asked(sampling(R"("includeContext":"none")"), {can::sampling}));
  EXPECT_FALSE(asked(sampling(R"("includeContext":"thisServer")"), {can::sampling}));
  EXPECT_TRUE(
      asked(sampling(R"("includeContext":"thisServer")"), {can::sampling, can::sampling_context}));
  for (const char* with_tools :
       {R"("tools":[{"name":"t"}])", R"("toolChoice":{"mode":"none"})",
        R"("messages":[{"role":"assistant","content":{"type":"tool_use"}}])",
        R"("messages":[{"role":"user","content":[{"type":"text"},{"type":"tool_result"}]}])"}) {
    EXPECT_FALSE(asked(sampling(with_tools), {can::sampling})) << with_tools;
    EXPECT_TRUE(asked(sampling(with_tools), {can::sampling, can::sampling_tools})) << with_tools;
  }
}

}  // namespace
}  // namespace longhaul::serving
