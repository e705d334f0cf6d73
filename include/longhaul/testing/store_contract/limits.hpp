// SPDX-License-Identifier: Apache-2.0
// What people expect of a queue, of many tasks: limits by key, tools that are paused, how many come
// before one, and numbers by tool.
//
// Included by `longhaul/testing/store_contract.hpp`.
#pragma once

#include <atomic>

#include "longhaul/testing/store_contract/durable.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"
#include "longhaul/testing/store_contract/storm.hpp"

namespace longhaul::testkit::contract {

// --- limits by key

TEST_P(store_contract, no_more_run_with_one_key_than_may) {
  const auto keyed = [&](const std::string& key, const std::string& owner = "alice") {
    fixture_->advance(1ms);  // so that ids follow one another
    auto made = origin(owner);
    made->concurrency_key = key;
    return create(made);
  };
  const auto claim_two_a_key = [&](std::size_t count) {
    stores::claim_request request;
    request.process = process_;
    request.count = count;
    request.tools.emplace("render", count);
    request.concurrency.emplace("render", 2);
    return run(store().claim(request));
  };
  const auto first = keyed("a"), second = keyed("a", "bob");
  keyed("a");
  keyed("a", "bob");
  const auto other = keyed("b");
  const auto begun = claim_two_a_key(10);
  EXPECT_EQ(begun.size(), 3U) << "two of a, and b is not in their way";
  EXPECT_TRUE(claim_two_a_key(10).empty());
  ASSERT_TRUE(applied(finish(first, 1, "done")));
  ASSERT_EQ(claim_two_a_key(10).size(), 1U);
  run(store().cancel("bob", second->id(), ""));
  run(store().leave(second->id(), 1));  // its handler has returned
  EXPECT_EQ(claim_two_a_key(10).size(), 1U);
  EXPECT_EQ(claim(process_, 10).size(), 0U);
  EXPECT_EQ(get(other)->attempt, 1U);
}

TEST_P(store_contract, a_new_task_whose_key_is_full_waits) {
  const auto try_to_begin = [&](std::size_t most) {
    auto made = origin();
    made->concurrency_key = "db";
    stores::new_task task;
    task.origin = made;
    task.retention = 1h;
    task.claim_for = process_;
    task.concurrency = most;
    return run(store().create(task)).task;
  };
  const auto first = try_to_begin(1), second = try_to_begin(1);
  EXPECT_TRUE(first->process);
  EXPECT_FALSE(second->process);
  EXPECT_EQ(second->attempt, 0U);
  ASSERT_TRUE(applied(finish(first, 1, "done")));
  EXPECT_EQ(claim(process_, 1).size(), 1U);
}

TEST_P(store_contract, handlers_that_linger_count_with_their_key) {
  auto made = origin();
  made->concurrency_key = "db";
  create(made);
  stores::claim_request request;
  request.process = process_;
  request.count = 1;
  request.tools.emplace("render", 1);
  request.concurrency.emplace("render", 1);
  request.handlers[{"render", "db"}] = 1;
  EXPECT_TRUE(run(store().claim(request)).empty());
  request.handlers.clear();
  EXPECT_EQ(run(store().claim(request)).size(), 1U);

  auto next = origin();
  next->concurrency_key = "db";
  create(next);
  request.handlers[{"render", "db"}] = 1;  // that of the claim
  request.concurrency["render"] = 2;
  EXPECT_EQ(run(store().claim(request)).size(), 1U) << "a claim counts once";
}

TEST_P(store_contract, racers_do_not_pass_the_limit_of_a_key_together) {
  std::atomic<std::size_t> begun{0};
  in_threads(8, [&](std::size_t i) {
    for (int n = 0; n < 20; ++n) {
      auto made = origin("owner" + std::to_string(i % 3));
      made->concurrency_key = "db";
      stores::new_task task;
      task.origin = made;
      task.claim_for = process_;
      task.concurrency = 5;
      if (run(store().create(task)).task->process) ++begun;
    }
  });
  EXPECT_EQ(begun.load(), 5U);
  EXPECT_EQ(run(store().claimed(process_)).size(), 5U);
}

TEST_P(store_contract, limits_of_keys_outlive_the_process) {
  if (!store().durable()) GTEST_SKIP() << not_durable;
  auto made = origin();
  made->concurrency_key = "db";
  made->crash_policy = on_crash::rerun;
  made->retry_backoff = 0ms;
  create(made, process_);
  fixture_->advance(1ms);
  auto next = origin();
  next->concurrency_key = "db";
  create(next);
  ASSERT_TRUE(reopen());
  fixture_->advance(1h);
  ASSERT_TRUE(run(store().renew(process_, 1h)).alive);
  run(store().recover());
  stores::claim_request request;
  request.process = process_;
  request.count = 10;
  request.tools.emplace("render", 10);
  request.concurrency.emplace("render", 1);
  const auto begun = run(store().claim(request));
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(begun[0]->id(), made->id) << "the oldest";
}

// --- pause

TEST_P(store_contract, a_paused_tool_waits_and_what_runs_goes_on) {
  const auto running = create_claimed();
  const auto waiting = create(origin());
  EXPECT_TRUE(run(store().pause("render")) || GetParam().repeats);
  EXPECT_FALSE(run(store().pause("render"))) << "it was already";
  EXPECT_TRUE(run(store().paused()).contains("render"));
  EXPECT_TRUE(claim(process_, 10).empty());
  const auto fresh = create(origin(), process_);
  EXPECT_FALSE(fresh->process) << "new work waits as well";
  EXPECT_TRUE(create(origin("alice", "other"), process_)->process) << "others do not";
  ASSERT_TRUE(applied(report(running, 1, 5)));
  ASSERT_TRUE(applied(finish(running, 1, "done")));
  if (store().durable()) {
    ASSERT_TRUE(reopen());
    EXPECT_TRUE(run(store().paused()).contains("render"));
    EXPECT_TRUE(claim(process_, 10).empty());
  }
  EXPECT_TRUE(run(store().resume("render")) || GetParam().repeats);
  EXPECT_FALSE(run(store().resume("render")));
  EXPECT_TRUE(run(store().paused()).empty());
  EXPECT_EQ(claim(process_, 10).size(), 2U);
  EXPECT_EQ(get(waiting)->attempt, 1U);
}

// --- numbers

TEST_P(store_contract, a_task_that_waits_knows_how_many_come_before_it) {
  std::vector<task_ptr> all;
  for (int i = 0; i < 4; ++i) {
    fixture_->advance(1ms);
    all.push_back(create(origin()));
  }
  create(origin("bob"));
  create(origin("alice", "other"));
  const auto before = [&](const task_ptr& task, std::size_t most = 100) {
    return run(store().queued_before(task->id(), most));
  };
  EXPECT_EQ(before(all[0]), 0U);
  EXPECT_EQ(before(all[3]), 3U);
  EXPECT_EQ(before(all[3], 2), 2U);
  ASSERT_EQ(claim(process_, 1).size(), 1U);
  run(store().cancel("alice", all[1]->id(), ""));
  EXPECT_LE(before(all[3]), 2U);
  EXPECT_EQ(run(store().queued_before("unknown", 1)), 0U);
}

TEST_P(store_contract, numbers_by_tool_follow_every_change) {
  const auto counts = [&](const std::string& tool) {
    const auto all = run(store().counts());
    const auto found = all.find(tool);
    return found == all.end() ? stores::status_counts() : found->second;
  };
  const auto first = create(origin()), second = create(origin("bob"));
  create(origin("alice", "other"));
  EXPECT_EQ(counts("render").queued, 2U);
  EXPECT_EQ(counts("other").working, 1U);
  claim(process_, 2);
  EXPECT_EQ(counts("render").queued, 0U);
  ASSERT_TRUE(applied(ask(first, 1, {ask_for("a")})));
  EXPECT_EQ(counts("render").input_required, 1U);
  ASSERT_TRUE(applied(finish(first, 1, "done")));
  run(store().cancel("bob", second->id(), ""));
  EXPECT_EQ(counts("render").completed, 1U);
  EXPECT_EQ(counts("render").cancelled, 1U);
  EXPECT_EQ(counts("render").open(), 0U);
  fixture_->advance(1h);
  run(store().purge(100));
  EXPECT_EQ(counts("render"), stores::status_counts()) << "gone with the last task";
}

}  // namespace longhaul::testkit::contract
