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
  const auto asked = [](const char* text, question_modes modes) {
    return may_be_asked(modes, json::value(std::string_view(text)));
  };
  const char* const form = R"({"method":"elicitation/create","params":{"mode":"form"}})";
  const char* const old = R"({"method":"elicitation/create","params":{}})";
  const char* const url = R"({"method":"elicitation/create","params":{"mode":"url"}})";
  EXPECT_TRUE(asked(form, {.form = true}));
  EXPECT_TRUE(asked(old, {.form = true}));
  EXPECT_FALSE(asked(url, {.form = true}));
  EXPECT_TRUE(asked(url, {.url = true}));
  EXPECT_FALSE(asked(form, {.url = true}));
  EXPECT_FALSE(asked(R"({"method":"sampling/createMessage","params":{}})", {true, true}));
}

}  // namespace
}  // namespace longhaul::serving
