// SPDX-License-Identifier: Apache-2.0
// The text of a prompt, and what a completer printed.
#include "command/features.hpp"

#include <gtest/gtest.h>

#include "command/prompt_text.hpp"
#include "command/tunables.hpp"

namespace longhaul::test {
namespace {

using command::parameter;
using command::suggestions_in;
using strings = std::vector<std::string>;

TEST(prompt_text_test, values_are_put_in_place_once_and_what_has_none_leaves_nothing) {
  const std::vector<parameter> parameters = {{.name = "a"},
                                             {.name = "b", .type = command::value_type::boolean}};
  const command::prompt_text text("{{{a}}}{b? yes}{b}.", parameters);
  EXPECT_TRUE(text.faults().empty());
  EXPECT_EQ(text.fill({"{b}", "true"}), "{{b}} yestrue.");
  EXPECT_EQ(text.fill({{}, "false"}), "{}false.");
  EXPECT_EQ(text.fill({{}, {}}), "{}.");
}

TEST(prompt_text_test, a_text_that_grows_without_bounds_is_refused) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "{a}";
  const command::prompt_text text(many, {{.name = "a"}});
  EXPECT_EQ(text.fill({std::string(100, 'x')}).size(), 100'000U);
  EXPECT_THROW(text.fill({std::string(command::tunables::max_prompt / 999, 'x')}),
               invalid_arguments);
}

TEST(suggestions_test, are_lines_each_once_and_filtered_where_that_is_wanted) {
  const std::string printed = "one\r\n\nOnce\ntwo\none\n" + std::string(2000, 'x') + "\nlast";
  EXPECT_EQ(suggestions_in(printed, "on", false), (strings{"one", "Once", "two", "last"}));
  EXPECT_EQ(suggestions_in(printed, "ON", true), (strings{"one", "Once"}));
  EXPECT_EQ(suggestions_in(printed, "longer than any of them", true), strings{});
  EXPECT_EQ(suggestions_in("", "", true), strings{});
}

}  // namespace
}  // namespace longhaul::test
