// SPDX-License-Identifier: Apache-2.0
// Contract, P1 and P8: what a `durable` store has acknowledged is there when the next process opens
// it, with all that is counted and found by it. Stores that are not durable skip these.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

inline constexpr const char* not_durable = "its tasks end with the process";
inline constexpr const char* must_reopen = "the fixture of a durable store reopens it";

TEST_P(store_contract, p1_tasks_in_every_state_outlive_the_process) {
  if (!store().durable()) GTEST_SKIP() << not_durable;
  const auto waits = create(origin());
  const auto works = create_claimed();
  ASSERT_TRUE(applied(report(works, 1, 40, "almost half")));
  const auto asks = create_claimed();
  ASSERT_TRUE(applied(ask(asks, 1, {ask_for("a"), ask_for("b")})));
  ASSERT_TRUE(applied(answer(asks, {reply("a", "1")})));
  const auto completed = create_claimed("bob");
  ASSERT_TRUE(applied(finish(completed, 1, std::string(30'000, 'r'))));
  const auto failed = create_claimed();
  const auto error = outcome::protocol_error(-32603, "broken");
  ASSERT_TRUE(applied(run(store().finish(failed->id(), epoch(1), error, "broken"))));
  const auto cancelled = create(origin());
  ASSERT_TRUE(applied(run(store().cancel("alice", cancelled->id(), "not needed"))));
  stores::new_task plain;
  plain.origin = origin();
  plain.hidden = true;
  plain.claim_for = process_;
  const auto hidden = run(store().create(plain)).task;
  const std::vector<task_ptr> all{waits, works, asks, completed, failed, cancelled, hidden};

  std::vector<task_ptr> before;
  for (const auto& task : all) before.push_back(get(task));
  const auto counted = run(store().counts());
  ASSERT_TRUE(reopen()) << must_reopen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto now = get(all[i]);
    ASSERT_TRUE(now);
    EXPECT_EQ(describe(*now), describe(*before[i]));
    EXPECT_EQ(now->hidden, before[i]->hidden);
    EXPECT_EQ(now->origin->arguments, all[i]->origin->arguments);
    EXPECT_EQ(now->origin->created_at, all[i]->origin->created_at);
  }
  EXPECT_EQ(run(store().counts()), counted);
  EXPECT_EQ(store().found().tasks, all.size());
  EXPECT_EQ(store().found().unfinished, 4U);
}

TEST_P(store_contract, p1_ids_keys_cursors_and_the_secret_outlive_the_process) {
  if (!store().durable()) GTEST_SKIP() << not_durable;
  auto keyed = origin();
  keyed->idempotency_key = "k";
  const auto first = create(keyed);
  fixture_->advance(1ms);
  const auto second = create(origin());
  const auto page = run(store().list("alice", std::nullopt, "", 1));
  ASSERT_TRUE(page->next_cursor);
  const std::string secret = store().secret();

  ASSERT_TRUE(reopen()) << must_reopen;
  EXPECT_EQ(store().secret(), secret);
  const auto next = run(store().list("alice", std::nullopt, *page->next_cursor, 10));
  ASSERT_TRUE(next);
  ASSERT_EQ(next->tasks.size(), 1U);
  EXPECT_EQ(next->tasks.front()->id(), first->id());
  const std::vector<std::string> ids{first->id(), second->id(), new_task_id(fixture_->now())};
  EXPECT_EQ(run(store().unknown(ids)), std::vector{ids[2]});
  stores::new_task task;
  task.origin = keyed;
  EXPECT_EQ(run(store().create(task)).code, create_code::created) << "the very same operation";
  auto other = origin();
  other->idempotency_key = "k";
  task.origin = other;
  const auto found = run(store().create(task));
  EXPECT_EQ(found.code, create_code::existing);
  ASSERT_TRUE(found.task);
  EXPECT_EQ(found.task->id(), first->id());
  EXPECT_EQ(stored(), 2U);
}

TEST_P(store_contract, p1_what_was_counted_against_bounds_outlives_the_process) {
  if (!store().durable()) GTEST_SKIP() << not_durable;
  ASSERT_TRUE(applied(finish(create_claimed(), 1, "x")));
  create(origin());
  ASSERT_TRUE(reopen()) << must_reopen;
  stores::new_task task;
  task.origin = origin();
  for (const stores::create_bounds& bounds :
       {stores::create_bounds{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 2}}) {
    task.bounds = bounds;
    EXPECT_EQ(run(store().create(task)).code, create_code::busy);
  }
  task.bounds = {2, 2, 3, 3};
  EXPECT_EQ(run(store().create(task)).code, create_code::created);
}

// P8, whether or not other processes keep their leases meanwhile.
TEST_P(store_contract, p8_what_a_former_process_ran_is_recovered_once_its_lease_is_over) {
  if (!store().durable()) GTEST_SKIP() << not_durable;
  auto may = origin();
  may->crash_policy = on_crash::rerun;
  const auto reruns = create(may, process_), fails = create_claimed();
  stores::report_change change;
  change.checkpoint = raw_json::trusted(R"({"frame":7})");
  ASSERT_TRUE(applied(run(store().report(reruns->id(), epoch(1), change))));
  ASSERT_TRUE(applied(ask(reruns, 1, {ask_for("a")})));
  ASSERT_TRUE(applied(answer(reruns, {reply("a", "1")})));
  auto outside = origin();
  outside->external = true;
  outside->token = "token";
  const auto external = create(outside);

  ASSERT_TRUE(reopen()) << must_reopen;
  fixture_->advance(1h);
  ASSERT_TRUE(run(store().renew(process_, 1h)).alive);
  const auto taken = run(store().recover());
  EXPECT_EQ(taken.handed_back, 1U);
  EXPECT_EQ(taken.failed, 1U);
  EXPECT_EQ(get(fails)->status, task_status::failed);
  EXPECT_EQ(finish(reruns, 1, "stale").code, change_code::superseded);
  fixture_->advance(reruns->origin->retry_backoff);
  const auto again = claim(process_, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->id(), reruns->id());
  EXPECT_EQ(again[0]->attempt, 2U);
  EXPECT_EQ(again[0]->checkpoint.view(), R"({"frame":7})");
  ASSERT_TRUE(find_input(*again[0], "a"));
  EXPECT_EQ(find_input(*again[0], "a")->response, reply("a", "1").value);
  ASSERT_TRUE(applied(finish(reruns, again[0]->epoch, "x")));
  const stores::writer by{0, outside->token};
  const outcome result = text_result("x");
  ASSERT_TRUE(applied(run(store().finish(external->id(), by, result, ""))));
}

TEST_P(store_contract, p20_retention_counts_on_whatever_process_is_there) {
  if (!store().durable()) GTEST_SKIP() << not_durable;
  const auto task = create(origin(), process_, 10min);
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  fixture_->advance(5min);
  ASSERT_TRUE(reopen()) << must_reopen;
  fixture_->advance(4min);
  EXPECT_TRUE(run(store().purge(10)).empty());
  EXPECT_TRUE(get(task));
  fixture_->advance(2min);
  EXPECT_FALSE(get(task));
  EXPECT_EQ(run(store().purge(10)), std::vector{task->id()});
}

}  // namespace longhaul::testkit::contract
