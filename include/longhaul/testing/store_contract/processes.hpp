// SPDX-License-Identifier: Apache-2.0
// Contract: claims, leases and recovery.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

TEST_P(store_contract, claims_take_the_oldest_first) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(create(origin())->id());
    fixture_->advance(1ms);
  }
  const auto first = claim(process_, 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0]->id(), ids[0]);
  EXPECT_EQ(first[1]->id(), ids[1]);
  EXPECT_EQ(first[0]->epoch, 1U);
  EXPECT_EQ(first[0]->attempt, 1U);
  EXPECT_EQ(first[0]->process, process_);
  EXPECT_EQ(run(store().stats()).queued, 3U);
  EXPECT_EQ(claim(process_, 10).size(), 3U);
  EXPECT_TRUE(claim(process_, 10).empty());
  EXPECT_TRUE(claim(process_, 0).empty());
  EXPECT_EQ(run(store().claimed(process_)).size(), 5U);
}

TEST_P(store_contract, claims_take_only_their_tools) {
  create(origin("alice", "render"));
  create(origin("alice", "resize"));
  create(origin("bob", "resize"));
  EXPECT_TRUE(claim(process_, 10, {}).empty());
  EXPECT_TRUE(claim(process_, 10, {"other"}).empty());
  const auto mine = claim(process_, 10, {"resize"});
  ASSERT_EQ(mine.size(), 2U);
  for (const auto& task : mine) EXPECT_EQ(task->tool(), "resize");
  EXPECT_EQ(claim(process_, 10, {"render", "resize"}).size(), 1U);
}

TEST_P(store_contract, the_oldest_goes_first_whatever_its_tool) {
  std::vector<std::string> ids;
  for (const char* tool : {"resize", "render", "resize", "render"}) {
    ids.push_back(create(origin("alice", tool))->id());
    fixture_->advance(1ms);
  }
  std::vector<std::string> claimed;
  for (const auto& task : claim(process_, 4, {"render", "resize"})) claimed.push_back(task->id());
  EXPECT_EQ(claimed, ids);
}

TEST_P(store_contract, saturated_quotas_get_nothing) {
  create(origin("alice"));
  create(origin("bob"));
  const auto first = claim(process_, 10, {"render"}, {"alice"});
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0]->owner(), "bob");
  EXPECT_TRUE(claim(process_, 10, {"render"}, {"alice"}).empty());
  EXPECT_EQ(claim(process_, 10).size(), 1U);
}

// P18: one who floods delays nobody else.
TEST_P(store_contract, p18_a_flood_of_one_quota_delays_no_other) {
  for (int i = 0; i < 2000 / slowdown; ++i) create(origin("flood"));
  fixture_->advance(1ms);
  const int others = 20;
  for (int i = 0; i < others; ++i) create(origin("owner" + std::to_string(i)));
  // Each gets its turn within one round: 21 quotas wait, so within 21 claims.
  std::map<std::string, int> turns;
  for (int turn = 0; turn <= others; ++turn) {
    const auto one = claim(process_, 1);
    ASSERT_EQ(one.size(), 1U);
    ++turns[one[0]->owner()];
  }
  EXPECT_EQ(turns.size(), 21U);
  // One who comes while the flood goes on waits for one of its tasks at most.
  for (int i = 0; i < 10; ++i) {
    const auto late = create(origin("late" + std::to_string(i)));
    const auto two = claim(process_, 2);
    ASSERT_EQ(two.size(), 2U);
    EXPECT_TRUE(two[0]->id() == late->id() || two[1]->id() == late->id());
  }
}

TEST_P(store_contract, p18_anonymous_callers_are_counted_by_address) {
  for (int i = 0; i < 50; ++i) {
    auto flood = origin("anonymous");
    flood->quota = "10.0.0.1";
    create(flood);
  }
  auto other = origin("anonymous");
  other->quota = "10.0.0.2";
  create(other);
  const auto two = claim(process_, 2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_NE(two[0]->origin->quota, two[1]->origin->quota);
}

TEST_P(store_contract, a_lost_task_fails_if_its_tool_does_not_rerun) {
  const auto dead = new_process();
  ASSERT_TRUE(run(store().renew(dead, 10s)).alive);
  const auto task = create(origin(), dead);
  fixture_->advance(9'999ms);
  EXPECT_EQ(run(store().recover()).failed, 0U) << "its lease still runs";
  EXPECT_EQ(get(task)->status, task_status::working);
  fixture_->advance(1ms);
  EXPECT_EQ(run(store().recover()).failed, 1U);
  const auto now = get(task);
  EXPECT_EQ(now->status, task_status::failed);
  EXPECT_TRUE(now->result.is_protocol_error);
  EXPECT_EQ(now->result.body.view(),
            R"({"code":31002,"message":"executor lost, outcome unknown"})");
  EXPECT_EQ(finish(task, 1, "late").code, change_code::already_terminal);
  const auto twice = run(store().recover());
  EXPECT_EQ(twice.failed + twice.handed_back, 0U);
}

TEST_P(store_contract, a_lost_task_that_may_rerun_waits_for_its_backoff) {
  auto what = origin();
  what->crash_policy = on_crash::rerun;
  what->max_attempts = 3;
  what->retry_backoff = 2s;
  const auto task = create(what);
  const auto crash_once = [&](std::uint32_t attempt) {
    const auto dead = new_process();
    run(store().renew(dead, 1s));
    const auto mine = claim(dead, 1);
    ASSERT_EQ(mine.size(), 1U);
    EXPECT_EQ(mine[0]->attempt, attempt);
    fixture_->advance(1s);
    run(store().recover());
    EXPECT_EQ(finish(task, mine[0]->epoch, "stale").code,
              attempt < 3 ? change_code::superseded : change_code::already_terminal);
  };
  crash_once(1);
  EXPECT_EQ(get(task)->status, task_status::working);
  EXPECT_EQ(run(store().stats()).queued, 1U);
  fixture_->advance(1'999ms);
  EXPECT_TRUE(claim(process_, 1).empty());
  fixture_->advance(1ms);
  crash_once(2);
  fixture_->advance(3'999ms);
  EXPECT_TRUE(claim(process_, 1).empty()) << "doubled";
  fixture_->advance(1ms);
  crash_once(3);
  EXPECT_EQ(get(task)->status, task_status::failed) << "attempts are bounded";
}

TEST_P(store_contract, recovery_takes_what_waits_for_an_answer_too) {
  auto may = origin();
  may->crash_policy = on_crash::rerun;
  const auto dead = new_process();
  run(store().renew(dead, 1s));
  const auto reruns = create(may, dead);
  const auto fails = create(origin(), dead);
  ASSERT_TRUE(applied(ask(reruns, 1, {ask_for("a")})));
  ASSERT_TRUE(applied(ask(fails, 1, {ask_for("a")})));
  fixture_->advance(1s);
  const auto result = run(store().recover());
  EXPECT_EQ(result.failed, 1U);
  EXPECT_EQ(result.handed_back, 1U);
  EXPECT_EQ(get(fails)->status, task_status::failed);
  EXPECT_EQ(get(reruns)->status, task_status::input_required);
  fixture_->advance(1s);
  const auto again = claim(process_, 10);  // it runs again beside its open question
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->id(), reruns->id());
  EXPECT_EQ(again[0]->status, task_status::input_required);
  ASSERT_TRUE(applied(answer(reruns, {reply("a", "1")})));
  ASSERT_TRUE(applied(finish(reruns, again[0]->epoch, "x")));
}

TEST_P(store_contract, recovery_leaves_the_living_and_the_external_alone) {
  const auto dead = new_process();
  run(store().renew(dead, 1s));
  const auto mine = create_claimed();
  const auto waiting = create(origin());
  auto outside = origin();
  outside->external = true;
  outside->token = "token";
  const auto external = create(outside);
  fixture_->advance(1s);
  const auto result = run(store().recover());
  EXPECT_EQ(result.failed + result.handed_back, 0U);
  EXPECT_EQ(get(mine)->rev, 1U);
  EXPECT_EQ(get(waiting)->rev, 1U);
  EXPECT_EQ(get(external)->rev, 1U);
}

TEST_P(store_contract, a_process_that_never_renewed_holds_nothing) {
  const auto task = create(origin(), new_process());
  EXPECT_EQ(run(store().recover()).failed, 1U);
  EXPECT_EQ(get(task)->status, task_status::failed);
}

TEST_P(store_contract, a_buried_process_stays_dead) {
  const auto dead = new_process();
  run(store().renew(dead, 1s));
  fixture_->advance(1s);
  run(store().recover());
  create(origin());
  EXPECT_TRUE(claim(dead, 1).empty());
  EXPECT_FALSE(run(store().renew(dead, 1h)).alive);
  EXPECT_FALSE(run(store().renew(dead, 1h)).alive);
  EXPECT_TRUE(claim(dead, 1).empty());
  EXPECT_EQ(claim(process_, 1).size(), 1U);
}

TEST_P(store_contract, a_late_renewal_before_anybody_looked_saves_the_process) {
  const auto late = new_process();
  run(store().renew(late, 1s));
  const auto task = create(origin(), late);
  fixture_->advance(5s);
  EXPECT_TRUE(run(store().renew(late, 1s)).alive);
  EXPECT_EQ(run(store().recover()).failed, 0U);
  ASSERT_TRUE(applied(finish(task, 1, "x")));
}

TEST_P(store_contract, a_renewed_lease_lasts) {
  const auto steady = new_process();
  run(store().renew(steady, 3s));
  const auto task = create(origin(), steady);
  for (int i = 0; i < 20; ++i) {
    fixture_->advance(2s);
    EXPECT_TRUE(run(store().renew(steady, 3s)).alive);
    EXPECT_EQ(run(store().recover()).failed, 0U);
  }
  EXPECT_EQ(get(task)->rev, 1U);
}

}  // namespace longhaul::testkit::contract
