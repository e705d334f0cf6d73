// SPDX-License-Identifier: Apache-2.0
// The table of methods: names are written once, and each revision has what its specification has.
#include "wire/method_table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace longhaul::wire {
namespace {

std::string served(std::string_view method) {
  std::string by;
  for (const auto version : {revision::v2025_03_26, revision::v2025_06_18, revision::v2025_11_25,
                             revision::v2026_07_28}) {
    by += find_method(version, method) != nullptr ? '+' : '-';
  }
  return by;
}

TEST(method_table, has_each_method_where_it_is_specified) {
  EXPECT_EQ(served("tools/call"), "++++");
  EXPECT_EQ(served("tools/list"), "++++");
  EXPECT_EQ(served("ping"), "+++-");
  EXPECT_EQ(served("server/discover"), "---+");
  EXPECT_EQ(served("subscriptions/listen"), "---+");
  EXPECT_EQ(served("tasks/get"), "--++");
  EXPECT_EQ(served("tasks/cancel"), "--++");
  EXPECT_EQ(served("tasks/update"), "---+");
  EXPECT_EQ(served("tasks/result"), "--+-");
  EXPECT_EQ(served("tasks/list"), "--+-");
  EXPECT_EQ(served("resources/read"), "++++");
  EXPECT_EQ(served("initialize"), "----") << "the envelope begins sessions";
  EXPECT_EQ(served("tools/cal"), "----");
  EXPECT_EQ(served(""), "----");
}

TEST(method_table, what_ends_at_once_is_never_refused_for_a_full_pipe) {
  EXPECT_TRUE(is_urgent("ping"));
  EXPECT_TRUE(is_urgent("tasks/cancel"));
  EXPECT_TRUE(is_urgent("initialize"));
  EXPECT_FALSE(is_urgent("tools/call"));
  EXPECT_FALSE(is_urgent("unknown"));
}

}  // namespace
}  // namespace longhaul::wire
