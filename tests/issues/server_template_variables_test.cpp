// SPDX-License-Identifier: Apache-2.0
// `resources/read` of a template whose variable is a number said "expected an integer, got "7"",
// now and then: whenever the read had to wait for a slot, its variables were kept as the strings
// they came as, and read again without the leniency they had been accepted with.
#include <gtest/gtest.h>

#include <boost/describe.hpp>

#include "longhaul/resource.hpp"
#include "server/features.hpp"

namespace longhaul::test {

struct numbered_item {
  int number = 0;
};
BOOST_DESCRIBE_STRUCT(numbered_item, (), (number))

struct named_item {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(named_item, (), (name))

namespace {

TEST(variables_of_templates, are_kept_as_they_are_meant) {
  const auto item = serving::offered(make_resource_template(
      {.uri = "x://{number}"}, [](const numbered_item& is) { return std::to_string(is.number); }));
  const auto accepted = item->run->accept(serving::read_arguments("x://7", {{"number", "7"}}));
  EXPECT_EQ(accepted.json().view(), R"({"uri":"x://7","variables":{"number":7}})");
  // As a run does that finds nobody has read them.
  numbered_item again;
  detail::typed_schema(detail::node_of<numbered_item>())
      .read(detail::variables_of(call_arguments(accepted.json())), &again, "arguments");
  EXPECT_EQ(again.number, 7);
}

TEST(variables_of_templates, that_are_strings_need_no_other_bytes) {
  const auto item = serving::offered(
      make_resource_template({.uri = "x://{name}"}, [](const named_item& is) { return is.name; }));
  const raw_json given = serving::read_arguments("x://7", {{"name", "7"}});
  EXPECT_EQ(item->run->accept(given).json().view().data(), given.view().data());
}

}  // namespace
}  // namespace longhaul::test
