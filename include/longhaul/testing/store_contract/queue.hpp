// SPDX-License-Identifier: Apache-2.0
// What people expect of a queue, of one task: attempts that are not the end, and tasks that are
// unique.
//
// Included by `longhaul/testing/store_contract.hpp`.
#pragma once

#include <array>

#include "longhaul/stores/transitions.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"
#include "longhaul/testing/store_contract/promises.hpp"

namespace longhaul::testkit::contract {

// --- attempts

TEST_P(store_contract, an_attempt_that_is_retried_waits_with_all_it_has) {
  const auto task = create_claimed();
  stores::report_change saved;
  saved.checkpoint = raw_json::trusted(R"({"at":3})");
  ASSERT_TRUE(applied(run(store().report(task->id(), epoch(1), saved))));
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("who")})));
  ASSERT_TRUE(applied(answer(task, {reply("who", "me")})));
  fixture_->advance(2s);
  ASSERT_TRUE(applied(retry(task, 1, "exit code 75", 5s)));

  const auto waits = get(task);
  EXPECT_EQ(waits->status, task_status::working);
  EXPECT_EQ(waits->status_message, "exit code 75");
  EXPECT_FALSE(waits->process);
  EXPECT_EQ(waits->attempt, 1U);
  EXPECT_EQ(retry(task, 1, "exit code 75", 5s).code, change_code::unchanged) << "repeated";
  EXPECT_EQ(finish(task, 1, "late").code, change_code::superseded);
  EXPECT_TRUE(claim(process_, 1).empty()) << "not before its time";
  fixture_->advance(5s);
  const auto again = claim(process_, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->attempt, 2U);
  EXPECT_EQ(again[0]->status_message, "") << "why the first one ended is no news of the second";
  EXPECT_EQ(again[0]->checkpoint.view(), R"({"at":3})");
  ASSERT_TRUE(find_input(*again[0], "who"));
  EXPECT_TRUE(find_input(*again[0], "who")->response);

  ASSERT_TRUE(again[0]->attempts);
  ASSERT_EQ(again[0]->attempts->size(), 1U);
  const task_attempt& first = again[0]->attempts->front();
  EXPECT_EQ(first.number, 1U);
  EXPECT_EQ(first.process, process_);
  EXPECT_EQ(first.ended_at - first.began_at, 2s);
  EXPECT_EQ(first.how, "exit code 75");
  EXPECT_EQ(again[0]->began_at, fixture_->now());
}

TEST_P(store_contract, what_ends_while_it_waits_keeps_its_attempts) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(retry(task, 1, "exit code 75", 1h)));
  run(store().cancel("alice", task->id(), ""));
  const auto check = [&](const task_ptr& now) {
    ASSERT_TRUE(now && now->attempts);
    EXPECT_EQ(now->attempts->front().how, "exit code 75");
  };
  check(get(task));
  if (store().durable() && reopen()) check(get(task));
}

TEST_P(store_contract, a_retry_is_fenced) {
  const auto task = create_claimed();
  EXPECT_EQ(retry(task, 2, "no").code, change_code::superseded);
  ASSERT_TRUE(applied(finish(task, 1, "done")));
  EXPECT_EQ(retry(task, 1, "no").code, change_code::already_terminal);
  EXPECT_EQ(run(store().retry("unknown", epoch(1), "no", store().now().mono)).code,
            change_code::not_found);
  const auto other = create_claimed();
  run(store().cancel("alice", other->id(), ""));
  EXPECT_EQ(retry(other, 1, "no").code, change_code::already_terminal);
}

TEST_P(store_contract, the_last_attempts_are_remembered) {
  auto what = origin();
  what->max_attempts = 100;
  const auto task = create(what);
  constexpr std::uint32_t runs = stores::rules::attempts_kept + 3;
  for (std::uint32_t i = 1; i <= runs; ++i) {
    const auto mine = claim(process_, 1);
    ASSERT_EQ(mine.size(), 1U);
    ASSERT_TRUE(applied(retry(task, mine[0]->epoch, "again")));
  }
  const auto check = [&](const task_ptr& now) {
    ASSERT_TRUE(now && now->attempts);
    EXPECT_EQ(now->attempt, runs);
    EXPECT_EQ(now->attempts->size(), stores::rules::attempts_kept);
    EXPECT_EQ(now->attempts->front().number, 4U);
    EXPECT_EQ(now->attempts->back().number, runs);
  };
  check(get(task));
  if (store().durable() && reopen()) check(get(task));
}

TEST_P(store_contract, an_attempt_that_takes_too_long_may_be_followed_by_another) {
  auto what = origin();
  what->attempt_limit = 10s;
  what->retry_on = retry_on::timeout;
  what->max_attempts = 2;
  what->retry_backoff = 4s;
  const auto task = create(what, process_);
  fixture_->advance(10s);
  EXPECT_EQ(run(store().expire(10)), 1U);
  const auto waits = get(task);
  EXPECT_EQ(waits->status, task_status::working);
  EXPECT_EQ(waits->attempts->back().how, "time limit: one run may take 10 s (attempt_limit)");
  EXPECT_EQ(finish(task, 1, "late").code, change_code::superseded);
  fixture_->advance(4s);
  ASSERT_EQ(claim(process_, 1).size(), 1U);
  fixture_->advance(10s);
  EXPECT_EQ(run(store().expire(10)), 1U);
  EXPECT_EQ(get(task)->status, task_status::failed) << "no attempt is left";
}

// --- unique

TEST_P(store_contract, a_task_is_unique_until_its_end_and_a_while_longer) {
  const auto unique = [&](std::string_view what, const std::string& owner = "alice") {
    auto made = origin(owner);
    made->unique_hash = digest_of(what);
    made->unique_for = 10s;
    stores::new_task task;
    task.origin = made;
    task.retention = 1h;
    task.claim_for = process_;
    return run(store().create(task));
  };
  const auto first = unique("same");
  ASSERT_EQ(first.code, create_code::created);
  const auto second = unique("same");
  EXPECT_EQ(second.code, create_code::existing);
  EXPECT_EQ(second.task->id(), first.task->id());
  EXPECT_EQ(unique("other").code, create_code::created);
  EXPECT_EQ(unique("same", "bob").code, create_code::created) << "of each owner";

  ASSERT_TRUE(applied(finish(first.task, 1, "done")));
  fixture_->advance(9'999ms);
  EXPECT_EQ(unique("same").task->id(), first.task->id());
  fixture_->advance(1ms);
  const auto third = unique("same");
  EXPECT_EQ(third.code, create_code::created);
  EXPECT_NE(third.task->id(), first.task->id());
  if (store().durable() && reopen()) {
    EXPECT_EQ(unique("same").task->id(), third.task->id());
  }
}

TEST_P(store_contract, what_was_cancelled_is_not_what_the_next_one_gets) {
  const auto unique = [&] {
    auto made = origin();
    made->unique_hash = digest_of("same");
    made->unique_for = 10min;
    return create(made);
  };
  const auto first = unique();
  run(store().cancel("alice", first->id(), ""));
  EXPECT_NE(unique()->id(), first->id());
}

TEST_P(store_contract, a_task_that_ends_at_once_begins_whatever_is_full) {
  auto made = origin();
  made->concurrency_key = "db";
  const auto create_next = [&](bool anyway) {
    auto next = std::make_shared<task_origin>(*made);
    next->id = new_task_id(fixture_->now());
    stores::new_task task;
    task.origin = next;
    task.retention = 1h;
    task.claim_for = process_;
    task.concurrency = 1;
    task.begins_anyway = anyway;
    return run(store().create(task)).task;
  };
  EXPECT_TRUE(create_next(false)->process);
  EXPECT_FALSE(create_next(false)->process);
  const auto third = create_next(true);
  EXPECT_TRUE(third->process);
  ASSERT_TRUE(applied(finish(third, 1, "done")));
}

TEST_P(store_contract, a_unique_task_with_a_key_answers_to_both) {
  const auto both = [&](const std::string& key, std::string_view what) {
    auto made = origin();
    made->idempotency_key = key;
    made->unique_hash = digest_of(what);
    stores::new_task task;
    task.origin = made;
    task.retention = 1h;
    return run(store().create(task));
  };
  const auto first = both("k1", "a");
  ASSERT_EQ(first.code, create_code::created);
  EXPECT_EQ(both("k2", "a").task->id(), first.task->id());
  EXPECT_EQ(both("k1", "b").task->id(), first.task->id());
  EXPECT_EQ(both("k2", "b").code, create_code::created) << "what was found took no key";
  EXPECT_EQ(stored(), 2U);
}

// P10 for what is unique: 64 racers, faults, and the end of the task at the same instant.
TEST_P(store_contract, p10_racers_on_one_unique_hash_never_get_two_open_tasks) {
  constexpr std::size_t racers = 64;
  for (int round = 0; round < 20 / std::min(slower(), 10); ++round) {
    const digest hash = digest_of("round" + std::to_string(round));
    std::array<task_ptr, racers> got;
    race(store(), racers, [&](std::size_t i, stores::store& careful) {
      auto what = origin();
      what->unique_hash = hash;
      stores::new_task task;
      task.origin = what;
      task.retention = 1h;
      got[i] = run(careful.create(task)).task;
      if (got[i] && i % 8 == 0) run(careful.cancel("alice", got[i]->id(), "raced"));
    });
    std::set<std::string> all;
    for (const auto& task : got) {
      ASSERT_TRUE(task);
      all.insert(task->id());
    }
    std::size_t open = 0;
    for (const std::string& id : all) {
      const auto now = run(store().get("alice", id));
      ASSERT_TRUE(now) << "none is lost";
      open += now->terminal() ? 0 : 1;
    }
    EXPECT_LE(open, 1U);
  }
}

}  // namespace longhaul::testkit::contract
