// SPDX-License-Identifier: Apache-2.0
// Contract: questions and their answers.
#pragma once

#include <string>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

TEST_P(store_contract, questions_wait_for_all_answers) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a"), ask_for("b")})));
  auto now = get(task);
  EXPECT_EQ(now->status, task_status::input_required);
  ASSERT_TRUE(now->inputs);
  ASSERT_EQ(now->inputs->size(), 2U);
  EXPECT_EQ((*now->inputs)[0].request, ask_for("a").request);
  EXPECT_EQ((*now->inputs)[0].asked_rev, 2U);
  EXPECT_TRUE(now->process) << "it keeps its worker";
  const timestamp asked_at = fixture_->now();

  fixture_->advance(1min);
  ASSERT_TRUE(applied(answer(task, {reply("a", "1")})));
  EXPECT_EQ(get(task)->status, task_status::input_required);
  ASSERT_TRUE(applied(answer(task, {reply("b", "2")})));
  now = get(task);
  EXPECT_EQ(now->status, task_status::working);
  EXPECT_EQ(find_input(*now, "a")->response, reply("a", "1").value);
  EXPECT_EQ(find_input(*now, "b")->asked_at, asked_at);
  EXPECT_EQ(find_input(*now, "b")->answered_at, fixture_->now());
  ASSERT_TRUE(applied(finish(task, 1, "x")));
}

TEST_P(store_contract, the_same_questions_again_change_nothing) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a"), ask_for("b")})));
  EXPECT_EQ(ask(task, 1, {ask_for("a"), ask_for("b")}).code, change_code::unchanged);
  EXPECT_EQ(ask(task, 1, {}).code, change_code::unchanged);
  ASSERT_TRUE(applied(answer(task, {reply("a", "1"), reply("b", "2")})));
  EXPECT_EQ(ask(task, 1, {ask_for("b")}).code, change_code::unchanged);
  EXPECT_EQ(get(task)->status, task_status::working);
  EXPECT_EQ(get(task)->rev, 3U);
}

TEST_P(store_contract, a_question_while_others_are_open_is_added) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a")})));
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a"), ask_for("b")})));
  const auto now = get(task);
  ASSERT_EQ(now->inputs->size(), 2U);
  EXPECT_EQ(find_input(*now, "b")->asked_rev, 3U);
}

TEST_P(store_contract, a_key_that_asks_something_else_is_refused_whole) {
  const auto task = create_claimed();
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a")})));
  EXPECT_EQ(ask(task, 1, {ask_for("b"), ask_for("a", "something else?")}).code,
            change_code::key_reused);
  EXPECT_EQ(get(task)->inputs->size(), 1U);
  const auto other = create_claimed();
  EXPECT_EQ(ask(other, 1, {ask_for("a"), ask_for("a", "something else?")}).code,
            change_code::key_reused);
  EXPECT_EQ(get(other)->status, task_status::working);
  EXPECT_EQ(get(other)->rev, 1U);
}

TEST_P(store_contract, a_task_can_end_with_questions_open) {
  const auto one = create_claimed();
  ASSERT_TRUE(applied(ask(one, 1, {ask_for("a")})));
  ASSERT_TRUE(applied(run(store().cancel("alice", one->id(), ""))));
  EXPECT_EQ(answer(one, {reply("a", "1")}).code, change_code::already_terminal);
  const auto two = create_claimed();
  ASSERT_TRUE(applied(ask(two, 1, {ask_for("a")})));
  ASSERT_TRUE(applied(finish(two, 1, "x")));
  EXPECT_EQ(get(two)->status, task_status::completed);
}

// P14: answers are applied exactly once, partial ones kept, unknown keys ignored.
TEST_P(store_contract, p14_every_answer_replayed_three_times_counts_once) {
  const auto task = create_claimed();
  const auto replay = [&](const std::vector<stores::response>& given) {
    ASSERT_TRUE(applied(answer(task, given)));
    const auto rev = get(task)->rev;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(answer(task, given).code, change_code::unchanged);
      EXPECT_EQ(get(task)->rev, rev);
    }
  };
  EXPECT_EQ(answer(task, {reply("early", "0")}).code, change_code::unchanged);
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a"), ask_for("b"), ask_for("c")})));
  replay({reply("a", "1"), reply("unknown", "?")});
  EXPECT_EQ(answer(task, {reply("a", "other")}).code, change_code::unchanged);
  EXPECT_EQ(answer(task, {reply("unknown", "?")}).code, change_code::unchanged);
  EXPECT_EQ(answer(task, {}).code, change_code::unchanged);
  replay({reply("a", "other"), reply("b", "2"), reply("b", "twice")});
  EXPECT_EQ(get(task)->status, task_status::input_required);
  replay({reply("c", "3")});

  const auto now = get(task);
  EXPECT_EQ(now->status, task_status::working);
  EXPECT_EQ(now->rev, 5U);
  EXPECT_EQ(now->inputs->size(), 3U);
  EXPECT_EQ(find_input(*now, "a")->response, reply("a", "1").value);
  EXPECT_EQ(find_input(*now, "b")->response, reply("b", "2").value);
  EXPECT_EQ(find_input(*now, "c")->response, reply("c", "3").value);
  EXPECT_EQ(now->attempt, 1U) << "an answer starts nothing a second time";
}

TEST_P(store_contract, p14_answers_outlive_the_worker) {
  auto what = origin();
  what->crash_policy = on_crash::rerun;
  const auto task = create(what, process_);
  ASSERT_TRUE(applied(ask(task, 1, {ask_for("a"), ask_for("b")})));
  ASSERT_TRUE(applied(answer(task, {reply("a", "1")})));
  ASSERT_TRUE(applied(run(store().release(task->id(), epoch(1)))));
  EXPECT_EQ(get(task)->status, task_status::input_required);
  ASSERT_TRUE(applied(answer(task, {reply("b", "2")})));
  EXPECT_EQ(get(task)->status, task_status::working);
  const auto again = claim(process_, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(ask(task, again[0]->epoch, {ask_for("a"), ask_for("b")}).code, change_code::unchanged);
  EXPECT_EQ(find_input(*again[0], "a")->response, reply("a", "1").value);
}

}  // namespace longhaul::testkit::contract
