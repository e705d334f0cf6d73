// SPDX-License-Identifier: Apache-2.0
// Contract: whose clock counts, who hears of changes, and that one operation is enough to begin, to
// cancel and to read a result.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

inline raw_json large_arguments() {
  return raw_json::trusted(R"({"text":")" + std::string(60'000, 'x') + R"("})");
}

TEST_P(store_contract, its_own_clock_counts) {
  const stores::instant before = store().now();
  fixture_->advance(5s);
  const stores::instant after = store().now();
  EXPECT_EQ(after.mono - before.mono, 5s);
  EXPECT_EQ(after.wall - before.wall, 5s);
  const timestamp shown = fixture_->now();
  fixture_->skew_wall(1h);
  EXPECT_EQ(store().now().mono, after.mono) << "what must not move with the wall clock does not";
  EXPECT_EQ(store().now().wall - after.wall, fixture_->now() - shown);

  const auto task = create_claimed();
  EXPECT_EQ(task->anchor, store().now().mono);
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  EXPECT_EQ(get(task)->updated_at, store().now().wall);
}

TEST_P(store_contract, a_cancel_by_one_who_sees_only_shown_tasks_leaves_hidden_ones_alone) {
  stores::new_task hidden;
  hidden.origin = origin();
  hidden.hidden = true;
  hidden.claim_for = process_;
  const task_ptr task = run(store().create(hidden)).task;
  const auto cancel = [&](const std::string& owner, stores::visibility sees) {
    return run(store().cancel(owner, task->id(), "enough", sees));
  };
  const auto unseen = cancel("alice", stores::visibility::shown_only);
  EXPECT_EQ(unseen.code, change_code::not_found);
  EXPECT_FALSE(unseen.task);
  EXPECT_EQ(cancel("bob", stores::visibility::hidden_too).code, change_code::not_found);
  EXPECT_EQ(get(task)->rev, task->rev);

  ASSERT_TRUE(applied(cancel("alice", stores::visibility::hidden_too)));
  EXPECT_EQ(get(task)->status, task_status::cancelled);
  EXPECT_EQ(cancel("alice", stores::visibility::shown_only).code, change_code::not_found)
      << "also when it has ended";
}

TEST_P(store_contract, a_cancel_of_a_shown_task_is_one_operation) {
  const auto task = create_claimed();
  const auto cancelled =
      run(store().cancel("alice", task->id(), "enough", stores::visibility::shown_only));
  ASSERT_TRUE(applied(cancelled));
  EXPECT_EQ(cancelled.task->status, task_status::cancelled);
}

TEST_P(store_contract, what_create_and_claim_give_is_whole_and_current) {
  auto claimed_here = origin();
  claimed_here->arguments = large_arguments();
  const task_ptr created = create(claimed_here, process_);
  EXPECT_FALSE(created->abridged);
  EXPECT_EQ(created->origin->arguments, claimed_here->arguments);
  EXPECT_EQ(created->epoch, 1U);
  EXPECT_EQ(created->rev, get(created)->rev);

  auto waiting = origin();
  waiting->arguments = large_arguments();
  create(waiting);
  const auto taken = claim(process_, 1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0]->rev, get(taken[0])->rev);
  EXPECT_EQ(taken[0]->process, process_);
  if (GetParam().repeats) return;  // what `claimed` tells of a claim without an answer is abridged
  EXPECT_FALSE(taken[0]->abridged);
  EXPECT_EQ(taken[0]->origin->arguments, waiting->arguments);
}

// Between a claim and the moment when its process listens, somebody may have changed the task.
TEST_P(store_contract, what_was_told_before_somebody_listened_shows_in_known) {
  const auto task = create_claimed();
  ASSERT_TRUE(store().known(task->id()));
  EXPECT_EQ(store().known(task->id())->rev, task->rev);
  ASSERT_TRUE(applied(report(task, 1, 10)));
  EXPECT_EQ(store().known(task->id())->rev, task->rev + 1);

  ASSERT_TRUE(
      applied(run(store().cancel("alice", task->id(), "", stores::visibility::hidden_too))));
  const task_ptr after = store().known(task->id());
  EXPECT_TRUE(!after || after->terminal());
  EXPECT_FALSE(store().known(origin()->id));
}

TEST_P(store_contract, the_observer_hears_of_what_is_followed_and_of_what_was_claimed) {
  const auto followed = create(origin());
  const auto running = create_claimed();
  store().follow(followed->id());
  store().follow(followed->id());
  ASSERT_TRUE(applied(report(running, 1, 10)));
  ASSERT_TRUE(
      applied(run(store().cancel("alice", followed->id(), "", stores::visibility::hidden_too))));
  store().unfollow(followed->id());
  store().unfollow(followed->id());
  const auto newest = [this](const std::string& id) {
    std::uint64_t rev = 0;
    for (const task_ptr& told : observed()) {
      if (told->id() == id) rev = std::max(rev, told->rev);
    }
    return rev;
  };
  EXPECT_EQ(newest(followed->id()), get(followed)->rev);
  EXPECT_EQ(newest(running->id()), get(running)->rev);
}

TEST_P(store_contract, one_read_of_a_task_that_ended_gives_its_result) {
  auto large = origin();
  large->arguments = large_arguments();
  const auto task = create(large, process_);
  ASSERT_TRUE(applied(finish(task, 1, std::string(30'000, 'r'))));
  const task_ptr ended = run(store().look("alice", task->id()));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, task_status::completed);
  EXPECT_EQ(ended->result.body, text_result(std::string(30'000, 'r')).body);
}

TEST_P(store_contract, who_operates_it_sees_all_owners) {
  stores::store_operations& operations = store();
  create(origin("alice"));
  create(origin("bob"));
  create_claimed("carol");
  const auto stats = run(operations.stats());
  EXPECT_EQ(stats.working, 3U);
  EXPECT_EQ(stats.queued, 2U);
  EXPECT_EQ(run(store().counts()).at("render").open(), 3U);
  EXPECT_FALSE(operations.found().place.empty());
  EXPECT_EQ(operations.trouble_in_full(), "");
}

}  // namespace longhaul::testkit::contract
