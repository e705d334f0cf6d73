// SPDX-License-Identifier: Apache-2.0
// What people expect of a queue: attempts that are not the end, tasks that are unique, limits by
// key, tools that are paused, and numbers by tool.
//
// Included by `longhaul/testing/store_contract.hpp`.
#pragma once

#include <array>
#include <atomic>
#include <thread>

#include "longhaul/stores/transitions.hpp"
#include "longhaul/testing/fault_store.hpp"
#include "longhaul/testing/retry_store.hpp"
#include "longhaul/testing/store_contract/fixture.hpp"

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
    std::atomic<std::size_t> ready{0};
    in_threads(racers, [&](std::size_t i) {
      fault_store faults(store(), random_seed() + i, {0.2, 0.3, 0.1});
      retry_store careful(faults);
      auto what = origin();
      what->unique_hash = hash;
      stores::new_task task;
      task.origin = what;
      task.retention = 1h;
      ready.fetch_add(1);
      while (ready.load() < racers) std::this_thread::yield();
      got[i] = run(careful.create(task)).task;
      if (got[i] && i % 8 == 0)
        run(careful.cancel("alice", got[i]->id(), "raced", stores::visibility::hidden_too));
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
  auto made = origin();
  made->concurrency_key = "db";
  made->crash_policy = on_crash::rerun;
  made->retry_backoff = 0ms;
  create(made, process_);
  fixture_->advance(1ms);
  auto next = origin();
  next->concurrency_key = "db";
  create(next);
  if (!store().durable()) GTEST_SKIP() << "tasks do not outlive the process";
  ASSERT_TRUE(reopen());
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
