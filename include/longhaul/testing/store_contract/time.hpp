// SPDX-License-Identifier: Apache-2.0
// Contract: limits, retention, and the clocks they are counted on.
#pragma once

#include <string>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

inline std::string limit_of(const task_record& task) {
  const std::string body(task.result.body.view());
  for (const char* name : {"attempt_limit", "overall_limit", "answer_within"}) {
    if (body.find(std::string(R"("limit":")") + name) != std::string::npos) return name;
  }
  return "none";
}

TEST_P(store_contract, an_attempt_ends_at_its_limit) {
  auto what = origin();
  what->attempt_limit = 10s;
  const auto task = create(what, process_);
  fixture_->advance(9'999ms);
  EXPECT_EQ(run(store().expire(10)), 0U);
  fixture_->advance(1ms);
  EXPECT_EQ(run(store().expire(10)), 1U);
  const auto now = get(task);
  EXPECT_EQ(now->status, task_status::failed);
  EXPECT_EQ(now->result.body.view(),
            R"x({"code":31001,"message":"time limit: one run may take 10 s (attempt_limit)",)x"
            R"x("data":{"limit":"attempt_limit","milliseconds":10000}})x");
  EXPECT_FALSE(now->process);
  EXPECT_EQ(finish(task, 1, "late").code, change_code::already_terminal);
  EXPECT_EQ(run(store().expire(10)), 0U);
}

TEST_P(store_contract, waiting_in_the_queue_and_for_answers_costs_no_running_time) {
  auto what = origin();
  what->attempt_limit = 10s;
  const auto task = create(what);
  fixture_->advance(1h);
  EXPECT_EQ(run(store().expire(10)), 0U);
  ASSERT_EQ(claim(process_, 1).size(), 1U);
  fixture_->advance(6s);
  ASSERT_TRUE(applied(report(task, 1, 1)));
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a")})));
  fixture_->advance(1h);
  run(store().renew(process_, 1h));
  EXPECT_EQ(run(store().expire(10)), 0U);
  ASSERT_TRUE(applied(answer(task, {reply("a", "1")})));
  fixture_->advance(3'999ms);
  EXPECT_EQ(run(store().expire(10)), 0U);
  fixture_->advance(1ms);
  EXPECT_EQ(run(store().expire(10)), 1U);
}

TEST_P(store_contract, each_attempt_has_its_own_limit_all_share_the_overall_one) {
  auto what = origin();
  what->attempt_limit = 10s;
  what->overall_limit = 15s;
  const auto task = create(what, process_);
  fixture_->advance(8s);
  ASSERT_TRUE(applied(run(store().release(task->id(), epoch(1)))));
  fixture_->advance(1h);
  run(store().renew(process_, 1h));
  ASSERT_EQ(claim(process_, 1).size(), 1U);
  fixture_->advance(6'999ms);
  EXPECT_EQ(run(store().expire(10)), 0U);
  fixture_->advance(1ms);
  EXPECT_EQ(run(store().expire(10)), 1U);
  EXPECT_EQ(limit_of(*get(task)), "overall_limit");
}

TEST_P(store_contract, a_question_stays_open_for_its_time_only) {
  auto what = origin();
  what->answer_within = 10s;
  const auto task = create(what, process_);
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a")})));
  fixture_->advance(6s);
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("b")})));  // does not begin anew
  ASSERT_TRUE(applied(answer(task, {reply("a", "1")})));
  fixture_->advance(3'999ms);
  EXPECT_EQ(run(store().expire(10)), 0U);
  ASSERT_TRUE(applied(answer(task, {reply("b", "2")})));
  fixture_->advance(1h);
  EXPECT_EQ(run(store().expire(10)), 0U);
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("c")})));  // a new one has the whole time
  fixture_->advance(9'999ms);
  EXPECT_EQ(run(store().expire(10)), 0U);
  fixture_->advance(1ms);
  EXPECT_EQ(run(store().expire(10)), 1U);
  EXPECT_EQ(limit_of(*get(task)), "answer_within");
}

TEST_P(store_contract, an_external_task_has_limits_from_the_start) {
  auto what = origin();
  what->external = true;
  what->token = "token";
  what->overall_limit = 10s;
  const auto task = create(what);
  fixture_->advance(10s);
  EXPECT_EQ(run(store().expire(10)), 1U);
  EXPECT_EQ(limit_of(*get(task)), "overall_limit");
}

TEST_P(store_contract, expiry_works_in_batches_and_reaches_all) {
  for (int i = 0; i < 25; ++i) {
    auto what = origin();
    what->attempt_limit = 1s;
    create(what, process_);
  }
  fixture_->advance(1s);
  std::size_t all = 0;
  for (int rounds = 0; rounds < 3; ++rounds) {
    const auto some = run(store().expire(10));
    EXPECT_LE(some, 10U);
    all += some;
  }
  EXPECT_EQ(all, 25U);
  EXPECT_EQ(run(store().stats()).failed, 25U);
}

TEST_P(store_contract, limits_of_any_size_do_no_harm) {
  auto endless = origin();
  endless->attempt_limit = milliseconds::max();
  endless->overall_limit = milliseconds::max();
  endless->answer_within = milliseconds::max();
  const auto one = create(endless, process_, milliseconds::max());
  auto none = origin();
  none->attempt_limit = 0ms;
  const auto two = create(none, process_);
  EXPECT_EQ(run(store().expire(10)), 1U);
  EXPECT_EQ(get(two)->status, task_status::failed);
  ASSERT_TRUE(applied(ask(one, 1, {ask_for("a")})));
  fixture_->advance(24h * 365);
  run(store().renew(process_, 1h));
  EXPECT_EQ(run(store().expire(10)), 0U);
  ASSERT_TRUE(applied(run(store().cancel("alice", one->id(), ""))));
  EXPECT_EQ(run(store().purge(10)).size(), 1U) << "two, not one";
  EXPECT_TRUE(get(one));
}

// P13: the wall clock may do what it likes.
TEST_P(store_contract, p13_limits_leases_and_retention_ignore_the_wall_clock) {
  for (const milliseconds skew : {milliseconds(1h), milliseconds(-1h)}) {
    const auto renewed = new_process();
    run(store().renew(renewed, 20s));
    auto limited = origin();
    limited->attempt_limit = 10s;
    const auto runs = create(limited, renewed);
    auto asks = origin();
    asks->answer_within = 10s;
    const auto waits = create(asks, renewed);
    ASSERT_TRUE(applied(ask(waits, 1, {ask_for("a")})));
    const auto ended = create(origin(), renewed, 10s);
    ASSERT_TRUE(applied(finish(ended, 1, "x")));
    const auto leased = create(origin(), renewed);

    fixture_->skew_wall(skew);
    fixture_->advance(5s);
    ASSERT_TRUE(applied(report(runs, 1, 1)));  // re-anchors
    fixture_->skew_wall(-2 * skew);
    fixture_->advance(4'999ms);
    EXPECT_EQ(run(store().expire(10)), 0U);
    EXPECT_TRUE(run(store().purge(10)).empty());
    EXPECT_TRUE(get(ended));
    fixture_->advance(1ms);
    EXPECT_EQ(run(store().expire(10)), 2U);
    EXPECT_EQ(limit_of(*get(runs)), "attempt_limit");
    EXPECT_EQ(limit_of(*get(waits)), "answer_within");
    EXPECT_FALSE(get(ended));
    EXPECT_EQ(run(store().purge(10)), std::vector{ended->id()});
    fixture_->advance(9'999ms);
    EXPECT_EQ(run(store().recover()).failed, 0U);
    fixture_->advance(1ms);
    EXPECT_EQ(run(store().recover()).failed, 1U);
    EXPECT_EQ(get(leased)->status, task_status::failed);
    for (const auto& task : {runs, waits, leased}) {
      EXPECT_GE(get(task)->updated_at, task->origin->created_at) << "no time runs backwards";
    }
    fixture_->skew_wall(skew);
  }
}

// P20: nothing before its time, gone soon after.
TEST_P(store_contract, p20_nothing_goes_before_its_time_and_all_goes_at_it) {
  const auto task = create(origin(), process_, 10s);
  fixture_->advance(30min);
  EXPECT_TRUE(run(store().purge(10)).empty()) << "not while it works";
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  fixture_->advance(9'999ms);
  EXPECT_TRUE(run(store().purge(10)).empty());
  EXPECT_TRUE(get(task));
  fixture_->advance(1ms);
  // Gone for everybody, even before the purge.
  EXPECT_FALSE(get(task));
  EXPECT_TRUE(run(store().list("alice", std::nullopt, "", 10))->tasks.empty());
  EXPECT_EQ(run(store().cancel("alice", task->id(), "")).code, change_code::not_found);
  EXPECT_EQ(run(store().set_retention("alice", task->id(), 1h)).code, change_code::not_found);
  EXPECT_EQ(finish(task, 1, "x").code, change_code::not_found);
  EXPECT_EQ(run(store().purge(10)), std::vector{task->id()});
  EXPECT_TRUE(run(store().purge(10)).empty());
  EXPECT_EQ(stored(), 0U);
}

TEST_P(store_contract, p20_retention_null_is_for_ever) {
  const auto task = create(origin(), process_, std::nullopt);
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  fixture_->advance(24h * 10'000);
  EXPECT_TRUE(run(store().purge(10)).empty());
  EXPECT_TRUE(get(task));
}

TEST_P(store_contract, retention_can_change_and_counts_from_the_end) {
  const auto task = create(origin(), process_, 10s);
  ASSERT_TRUE(applied(run(store().set_retention("alice", task->id(), 20s))));
  EXPECT_EQ(run(store().set_retention("alice", task->id(), 20s)).code, change_code::unchanged);
  EXPECT_EQ(get(task)->retention, 20s);
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  const auto ended = get(task)->updated_at;
  fixture_->advance(15s);
  ASSERT_TRUE(applied(run(store().set_retention("alice", task->id(), 30s))));
  EXPECT_EQ(get(task)->updated_at, ended) << "a terminal task keeps its end";
  fixture_->advance(14'999ms);
  EXPECT_TRUE(get(task));
  fixture_->advance(1ms);
  EXPECT_FALSE(get(task));
}

TEST_P(store_contract, purges_work_in_batches_and_reach_all) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(applied(finish(create(origin(), process_, 1s), 1, "x")));
  }
  fixture_->advance(1s);
  std::size_t all = 0;
  for (int rounds = 0; rounds < 3; ++rounds) {
    const auto some = run(store().purge(10));
    EXPECT_LE(some.size(), 10U);
    all += some.size();
  }
  EXPECT_EQ(all, 25U);
  EXPECT_EQ(stored(), 0U);
}

}  // namespace longhaul::testkit::contract
