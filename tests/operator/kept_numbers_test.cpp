// SPDX-License-Identifier: Apache-2.0
// What operators see of a store in trouble, and what is remembered of what they did.
#include "operator/kept_numbers.hpp"

#include <gtest/gtest.h>

#include "longhaul/store.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/fault_store.hpp"
#include "operator/audit_trail.hpp"
#include "operator/tunables.hpp"
#include "support/run.hpp"

namespace longhaul::operating {
namespace {

TEST(kept_numbers, are_the_last_ones_while_the_store_is_in_trouble) {
  const auto inner = memory_store();
  testkit::fault_store away(*inner, 1, {.unavailable = 1});
  kept_numbers numbers;
  EXPECT_TRUE(test::run(numbers.read(away)).counts.empty()) << "nothing is known yet";
  stores::new_task task;
  const auto origin = std::make_shared<task_origin>();
  origin->id = new_task_id(timestamp());
  origin->owner = origin->quota = "alice";
  origin->tool = "render";
  task.origin = origin;
  test::run(inner->create(task));
  EXPECT_EQ(test::run(numbers.read(*inner)).counts.at("render").queued, 1U);
  const kept_numbers::all last = test::run(numbers.read(away));
  EXPECT_EQ(last.counts.at("render").queued, 1U);
  EXPECT_GT(last.bytes, 0U);
}

TEST(audit_trail, remembers_the_last_actions_and_no_more_of_each_than_is_read) {
  audit_trail trail((logger()));
  trail.note({timestamp(), "ops", "pause", std::string(100'000, 'x'), "applied"});
  ASSERT_EQ(trail.all().size(), 1U);
  EXPECT_EQ(trail.all().front().on.size(), tunables::longest_subject);
  for (std::size_t i = 0; i <= tunables::actions_kept; ++i) {
    trail.note({timestamp(), "ops", "cancel", std::to_string(i), "applied"});
  }
  EXPECT_EQ(trail.all().size(), tunables::actions_kept);
  EXPECT_EQ(trail.all().front().on, std::to_string(tunables::actions_kept));
}

}  // namespace
}  // namespace longhaul::operating
