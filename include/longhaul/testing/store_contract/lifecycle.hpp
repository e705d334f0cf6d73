// SPDX-License-Identifier: Apache-2.0
// Contract: every arrow of a task's life, and every refusal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

TEST_P(store_contract, reports_grow_and_merge) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(report(task, 1, 10, "first")));
  auto now = get(task);
  EXPECT_EQ(now->progress, (progress_state{10, 100.0}));
  EXPECT_EQ(now->status_message, "first");
  EXPECT_EQ(now->rev, 2U);

  EXPECT_EQ(report(task, 1, 9).code, change_code::unchanged) << "progress never goes back";
  EXPECT_EQ(report(task, 1, 10, "first").code, change_code::unchanged);
  EXPECT_EQ(get(task)->rev, 2U);

  ASSERT_TRUE(applied(report(task, 1, 5, "second")));  // the message counts, the number does not
  now = get(task);
  EXPECT_EQ(now->progress->done, 10);
  EXPECT_EQ(now->status_message, "second");
  EXPECT_EQ(now->rev, 3U);
}

TEST_P(store_contract, progress_that_is_no_number_is_dropped) {
  const auto task = create_claimed();
  stores::report_change change;
  change.progress = progress_state{std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(run(store().report(task->id(), epoch(1), change)).code, change_code::unchanged);
  change.progress = progress_state{1, std::numeric_limits<double>::infinity()};
  ASSERT_TRUE(applied(run(store().report(task->id(), epoch(1), change))));
  EXPECT_EQ(get(task)->progress, (progress_state{1, std::nullopt}));
}

TEST_P(store_contract, a_checkpoint_is_kept_for_the_next_attempt_and_gone_at_the_end) {
  auto what = origin();
  what->crash_policy = on_crash::rerun;
  const auto task = create(what, process_);
  stores::report_change change;
  change.checkpoint = raw_json::trusted(R"({"frame":7})");
  ASSERT_TRUE(applied(run(store().report(task->id(), epoch(1), change))));
  EXPECT_EQ(run(store().report(task->id(), epoch(1), change)).code, change_code::unchanged);
  ASSERT_TRUE(applied(run(store().release(task->id(), epoch(1)))));
  const auto again = claim(process_, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->checkpoint.view(), R"({"frame":7})");
  ASSERT_TRUE(applied(finish(task, again[0]->epoch, "x")));
  EXPECT_FALSE(get(task)->checkpoint);
}

TEST_P(store_contract, another_attempt_begins_its_progress_anew) {
  auto what = origin();
  what->crash_policy = on_crash::rerun;
  const auto task = create(what, process_);
  ASSERT_TRUE(applied(report(task, 1, 63, "step 63")));
  ASSERT_TRUE(applied(run(store().release(task->id(), epoch(1)))));
  const auto again = claim(process_, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->progress, std::nullopt) << "it has done nothing yet";
  EXPECT_EQ(get(task)->progress, std::nullopt);
  EXPECT_EQ(get(task)->status_message, "");
  ASSERT_TRUE(applied(report(task, again[0]->epoch, 1, "step 1")));
  EXPECT_EQ(get(task)->progress->done, 1);
  EXPECT_EQ(get(task)->status_message, "step 1");
}

TEST_P(store_contract, a_finished_task_has_its_result) {
  const auto task = create_claimed();
  fixture_->advance(5s);
  const auto done = finish(task, 1, "x");
  ASSERT_TRUE(applied(done));
  const auto now = get(task);
  EXPECT_EQ(now->status, task_status::completed);
  EXPECT_EQ(now->result.body, text_result("x").body);
  EXPECT_FALSE(now->result.is_error);
  EXPECT_EQ(now->status_message, "done");
  EXPECT_FALSE(now->process);
  EXPECT_EQ(now->rev, 2U);
  EXPECT_EQ(now->updated_at - task->updated_at, 5s);
  EXPECT_TRUE(run(store().claimed(process_)).empty());
}

TEST_P(store_contract, an_error_result_completes_and_a_protocol_error_fails) {
  const auto one = create_claimed();
  const auto wrong = outcome::result(raw_json::trusted(R"({"content":[],"isError":true})"), true);
  ASSERT_TRUE(applied(run(store().finish(one->id(), epoch(1), wrong, ""))));
  EXPECT_EQ(get(one)->status, task_status::completed);
  EXPECT_TRUE(get(one)->result.is_error);

  const auto two = create_claimed();
  const auto error = outcome::protocol_error(-32603, "broken");
  ASSERT_TRUE(applied(run(store().finish(two->id(), epoch(1), error, "broken"))));
  EXPECT_EQ(get(two)->status, task_status::failed);
  EXPECT_TRUE(get(two)->result.is_protocol_error);
  EXPECT_EQ(get(two)->result.body.view(), R"({"code":-32603,"message":"broken"})");
}

TEST_P(store_contract, the_same_finish_again_is_no_conflict_another_is) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  EXPECT_EQ(finish(task, 1, "x").code, change_code::unchanged);
  EXPECT_EQ(finish(task, 1, "y").code, change_code::already_terminal);
  EXPECT_EQ(finish(task, 2, "x").code, change_code::already_terminal);
  EXPECT_EQ(get(task)->rev, 2U);
  EXPECT_EQ(get(task)->result.body, text_result("x").body);
}

TEST_P(store_contract, nothing_moves_a_terminal_task) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  const auto final = get(task);
  const std::vector<stores::change_result> refused = {
      report(task, 1, 50, "late"), ask(task, 1, {ask_for("k")}), answer(task, {reply("k", "v")}),
      run(store().cancel("alice", task->id(), "late")), run(store().release(task->id(), epoch(1)))};
  for (const auto& each : refused) {
    EXPECT_EQ(each.code, change_code::already_terminal);
    ASSERT_TRUE(each.task);
    EXPECT_EQ(describe(*each.task), describe(*final));
  }
  EXPECT_EQ(describe(*get(task)), describe(*final));
}

TEST_P(store_contract, only_the_current_epoch_writes) {
  const auto task = create_claimed();
  for (const std::uint64_t wrong : {0U, 2U, 99U}) {
    EXPECT_EQ(report(task, wrong, 1).code, change_code::superseded);
    EXPECT_EQ(ask(task, wrong, {ask_for("k")}).code, change_code::superseded);
    EXPECT_EQ(finish(task, wrong, "x").code, change_code::superseded);
    EXPECT_EQ(run(store().release(task->id(), epoch(wrong))).code, change_code::superseded);
  }
  const stores::writer with_token{1, "token"};
  EXPECT_EQ(get(task)->rev, 1U);
  const auto unclaimed = create(origin());
  EXPECT_EQ(finish(unclaimed, 0, "x").code, change_code::superseded);
  EXPECT_EQ(finish(unclaimed, 1, "x").code, change_code::superseded);
  EXPECT_EQ(
      run(store().finish(new_task_id(fixture_->now()), with_token, text_result("x"), "")).code,
      change_code::not_found);
}

TEST_P(store_contract, an_external_task_is_finished_by_its_token) {
  auto what = origin();
  what->external = true;
  what->token = "0123456789abcdef";
  const auto task = create(what);
  EXPECT_TRUE(claim(process_, 1).empty());
  EXPECT_EQ(run(store().stats()).queued, 0U);
  for (const std::string wrong : {"", "0123456789abcdeg", "0123456789abcde"}) {
    const stores::writer by{1, wrong};
    const outcome result = text_result("x");
    EXPECT_EQ(run(store().finish(task->id(), by, result, "")).code, change_code::superseded);
  }
  const stores::writer by{0, what->token};
  EXPECT_EQ(run(store().release(task->id(), by)).code, change_code::unchanged);
  const std::vector<stores::question> questions{ask_for("k")};
  ASSERT_TRUE(applied(run(store().ask(task->id(), by, questions))));
  ASSERT_TRUE(applied(answer(task, {reply("k", "v")})));
  stores::report_change change;
  change.status_message = "half";
  ASSERT_TRUE(applied(run(store().report(task->id(), by, change))));
  const outcome result = text_result("x");
  ASSERT_TRUE(applied(run(store().finish(task->id(), by, result, ""))));
  EXPECT_EQ(run(store().finish(task->id(), by, result, "")).code, change_code::unchanged);
  const stores::writer stranger{0, "guess"};
  EXPECT_EQ(run(store().finish(task->id(), stranger, result, "")).code, change_code::superseded);
  EXPECT_EQ(get(task)->status, task_status::completed);
}

TEST_P(store_contract, an_external_task_without_a_token_is_nobodys) {
  auto what = origin();
  what->external = true;
  const auto task = create(what);
  const stores::writer by{0, ""};
  const outcome result = text_result("x");
  EXPECT_EQ(run(store().finish(task->id(), by, result, "")).code, change_code::superseded);
}

TEST_P(store_contract, cancel_ends_at_once_and_fences_the_worker) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(report(task, 1, 50, "half")));
  ASSERT_TRUE(applied(run(store().cancel("alice", task->id(), "not needed"))));
  const auto now = get(task);
  EXPECT_EQ(now->status, task_status::cancelled);
  EXPECT_EQ(now->cancel_reason, "not needed");
  EXPECT_EQ(now->cancel_requested_at, fixture_->now());
  EXPECT_NE(now->status_message.find("not needed"), std::string::npos);
  EXPECT_FALSE(now->process);
  EXPECT_FALSE(now->result.body);
  EXPECT_EQ(finish(task, 1, "x").code, change_code::already_terminal);
  EXPECT_EQ(run(store().cancel("alice", task->id(), "again")).code, change_code::already_terminal);
  EXPECT_EQ(get(task)->cancel_reason, "not needed");
}

TEST_P(store_contract, a_waiting_task_that_is_cancelled_is_never_claimed) {
  const auto task = create(origin());
  ASSERT_TRUE(applied(run(store().cancel("alice", task->id(), ""))));
  EXPECT_EQ(get(task)->status_message, "The task was cancelled.");
  EXPECT_TRUE(claim(process_, 10).empty());
  EXPECT_EQ(run(store().stats()).queued, 0U);
}

TEST_P(store_contract, what_was_claimed_and_not_begun_was_no_attempt) {
  const auto task = create_claimed();
  const stores::writer idle{.epoch = 1, .handler = stores::writer::stage::not_begun};
  EXPECT_TRUE(applied(run(store().release(task->id(), idle))));
  EXPECT_EQ(run(store().release(task->id(), idle)).code, change_code::unchanged);
  const auto waits = get(task);
  EXPECT_EQ(waits->attempt, 0U);
  EXPECT_EQ(waits->epoch, 2U);
  EXPECT_FALSE(waits->process);
  EXPECT_FALSE(waits->attempts) << "there was none";
  const auto again = claim(process_, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->attempt, 1U);
  EXPECT_EQ(again[0]->epoch, 3U);
}

TEST_P(store_contract, a_released_task_waits_again_and_its_worker_is_fenced) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(run(store().release(task->id(), epoch(1)))));
  EXPECT_FALSE(get(task)->process);
  EXPECT_EQ(finish(task, 1, "stale").code, change_code::superseded);
  EXPECT_EQ(run(store().release(task->id(), epoch(1))).code, change_code::unchanged);
  const auto again = claim(process_, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]->id(), task->id());
  EXPECT_EQ(again[0]->attempt, 2U);
  EXPECT_GT(again[0]->epoch, 1U);
  EXPECT_EQ(finish(task, 1, "stale").code, change_code::superseded);
  EXPECT_EQ(run(store().release(task->id(), epoch(1))).code, change_code::superseded);
  ASSERT_TRUE(applied(finish(task, again[0]->epoch, "x")));
}

TEST_P(store_contract, every_change_moves_rev_by_one_and_every_observer_sees_it) {
  const auto task = create(origin());
  const auto mine = claim(process_, 1);
  ASSERT_EQ(mine.size(), 1U);
  ASSERT_TRUE(applied(report(task, 1, 1)));
  EXPECT_EQ(report(task, 1, 1).code, change_code::unchanged);
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a")})));
  ASSERT_TRUE(applied(answer(task, {reply("a", "1")})));
  ASSERT_TRUE(applied(run(store().set_retention("alice", task->id(), 7s))));
  ASSERT_TRUE(applied(finish(task, 1, "x")));
  EXPECT_EQ(get(task)->rev, 7U);
  std::uint64_t last = 0;
  for (const auto& seen : observed()) {  // one thread: in order, maybe twice
    EXPECT_TRUE(seen->rev == last || seen->rev == last + 1) << seen->rev;
    last = seen->rev;
  }
  EXPECT_EQ(last, 7U);
}

inline std::vector<std::string> ids_of(const std::vector<task_ptr>& tasks) {
  std::vector<std::string> result;
  for (const auto& task : tasks) result.push_back(task->id());
  return result;
}

// After a restart nobody found the tasks whose work had been handed to somebody else.
TEST_P(store_contract, external_tasks_are_listed_until_they_end) {
  const auto external = [&](const std::string& owner, const std::string& tool) {
    auto what = origin(owner, tool);
    what->external = true;
    what->token = "t-" + owner;
    return create(what)->id();
  };
  std::vector<std::string> all{external("alice", "render"), external("bob", "render"),
                               external("bob", "encode")};
  create(origin("alice"));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(ids_of(run(store().external({}, {}, 10))), all);
  EXPECT_EQ(ids_of(run(store().external({}, {}, 2))), std::vector(all.begin(), all.begin() + 2));
  EXPECT_EQ(ids_of(run(store().external({}, all[1], 10))), std::vector(all.begin() + 2, all.end()));
  EXPECT_EQ(run(store().external("render", {}, 10)).size(), 2U);
  EXPECT_TRUE(run(store().external("other", {}, 10)).empty());

  for (const task_ptr& task : run(store().external("render", {}, 10))) {
    EXPECT_EQ(task->origin->token, "t-" + task->owner());
    const stores::writer by{0, task->origin->token};
    ASSERT_TRUE(applied(run(store().finish(task->id(), by, text_result("x"), {}))));
  }
  const auto left = run(store().external({}, {}, 10));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0]->tool(), "encode");
  EXPECT_TRUE(applied(run(store().cancel("bob", left[0]->id(), ""))));
  EXPECT_TRUE(run(store().external({}, {}, 10)).empty());
}

}  // namespace longhaul::testkit::contract
