// SPDX-License-Identifier: Apache-2.0
#include "operator/roles.hpp"

#include <gtest/gtest.h>

namespace longhaul::operating {
namespace {

// SHA-256 of "reader" and "actor".
const std::vector<operator_key> keys = {
    {"r", "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30", false},
    {"a", "50c9c4aeb40b5b206b6d98f516f8b8c0efd29ce2e56a76b345fb9240c225a1b7", true}};

auth::identification who(const roles& may, std::optional<std::string_view> authorization,
                         bool forwarded = false) {
  return may.identify_at_once({authorization, "127.0.0.1", forwarded}).value();
}

TEST(operator_roles, keys_say_who_may_do_what) {
  const roles may(keys, "0.0.0.0");
  const auto reader = who(may, "Bearer reader"), actor = who(may, "bearer actor");
  ASSERT_TRUE(reader.who && actor.who);
  EXPECT_EQ(may.role_of(*reader.who), role::read);
  EXPECT_EQ(may.role_of(*actor.who), role::act);
  EXPECT_EQ(roles::name_of(*actor.who), "a");
  for (const auto& bad :
       {std::optional<std::string_view>(), std::optional<std::string_view>("Bearer x"),
        std::optional<std::string_view>("Basic reader")}) {
    const auto refused = who(may, bad);
    EXPECT_FALSE(refused.who);
    EXPECT_EQ(refused.status, 401);
    EXPECT_FALSE(refused.www_authenticate.empty());
  }
}

TEST(operator_roles, without_keys_this_machine_may_do_everything) {
  const roles may({}, "127.0.0.1");
  const auto local = who(may, std::nullopt);
  ASSERT_TRUE(local.who);
  EXPECT_EQ(may.role_of(*local.who), role::act);
  EXPECT_EQ(roles::name_of(*local.who), "local");
  EXPECT_FALSE(who(may, std::nullopt, true).who) << "a proxy may listen for anybody";
  for (const char* open : {"0.0.0.0", "::", "192.0.2.1"}) {
    EXPECT_THROW(roles({}, open), std::invalid_argument) << open;
  }
  EXPECT_THROW(roles({{"a", "x", true}}, "127.0.0.1"), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::operating
