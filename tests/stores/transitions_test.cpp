// SPDX-License-Identifier: Apache-2.0
// What the contract suite cannot see from outside: back-off, remaining times, bad clocks.
#include "longhaul/stores/transitions.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using stores::change_code;
using stores::instant;

const process_id someone = new_process_id();

instant at(milliseconds since) {
  return {timestamp(1'000'000ms + since), monotonic_time(50'000ms + since)};
}

task_record running(const task_origin& origin) {
  stores::new_task task;
  auto made = std::make_shared<task_origin>(origin);
  made->id = "task";
  made->created_at = at(0ms).wall;
  task.origin = std::move(made);
  task.claim_for = someone;
  return stores::initial(task, at(0ms));
}

task_record after(const stores::step& step) {
  EXPECT_EQ(step.code, change_code::applied);
  return *step.next;
}

TEST(transitions, backoff_doubles_and_is_capped) {
  task_origin origin;
  origin.crash_policy = on_crash::rerun;
  origin.max_attempts = 100;
  origin.retry_backoff = 1s;
  task_record task = running(origin);
  for (const milliseconds wait : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 512s, 600s, 600s}) {
    task = after(stores::lost(task, at(0ms)));
    EXPECT_EQ(task.run_at, at(wait).mono) << task.attempt;
    task = after(stores::claimed(task, someone, at(0ms)));
  }
}

TEST(transitions, odd_backoffs_do_no_harm) {
  for (const milliseconds odd : {milliseconds::min(), milliseconds(0), milliseconds::max()}) {
    task_origin origin;
    origin.crash_policy = on_crash::rerun;
    origin.max_attempts = 1'000'000;
    origin.retry_backoff = odd;
    task_record task = running(origin);
    task.attempt = 999'999;
    task = after(stores::lost(task, at(0ms)));
    EXPECT_EQ(task.run_at, at(odd > 0ms ? milliseconds(10min) : 0ms).mono);
  }
}

TEST(transitions, remaining_times_run_only_while_they_apply) {
  task_origin origin;
  origin.attempt_limit = 10s;
  origin.overall_limit = 20s;
  origin.answer_within = 5s;
  task_record task = running(origin);
  ASSERT_TRUE(stores::limit_due(task));
  EXPECT_EQ(stores::limit_due(task)->at, at(10s).mono);
  EXPECT_EQ(stores::limit_due(task)->kind, stores::limit_kind::attempt);

  stores::question asked;
  asked.key = "a";
  task = after(stores::asked(task, {1, {}}, std::span(&asked, 1), at(4s)));
  EXPECT_EQ(task.attempt_left, 6s);
  EXPECT_EQ(task.overall_left, 16s);
  EXPECT_EQ(stores::limit_due(task)->at, at(9s).mono);
  EXPECT_EQ(stores::limit_due(task)->kind, stores::limit_kind::answer);

  const stores::response given{"a", raw_json::trusted("{}")};
  task = after(stores::answered(task, std::span(&given, 1), at(7s)));
  EXPECT_EQ(task.attempt_left, 6s);
  EXPECT_FALSE(task.answer_left);
  EXPECT_EQ(stores::limit_due(task)->at, at(13s).mono);

  task = after(stores::released(task, {1, {}}, at(8s)));
  EXPECT_FALSE(stores::limit_due(task));
  EXPECT_EQ(task.overall_left, 15s);
  task = after(stores::claimed(task, someone, at(100s)));
  EXPECT_EQ(task.attempt_left, 10s);
  EXPECT_EQ(task.overall_left, 15s);

  EXPECT_EQ(stores::timed_out(task, at(110s - 1ms)).code, change_code::unchanged);
  task = after(stores::timed_out(task, at(110s)));
  EXPECT_FALSE(task.attempt_left || task.overall_left || task.answer_left);
  EXPECT_FALSE(stores::limit_due(task));
}

TEST(transitions, a_monotonic_clock_that_begins_again_gives_no_time_back) {
  task_origin origin;
  origin.attempt_limit = 10s;
  task_record task = running(origin);
  stores::report_change change;
  change.status_message = "after a reboot";
  const instant rebooted{at(1s).wall, monotonic_time(3ms)};
  task = after(stores::reported(task, {1, {}}, change, rebooted));
  EXPECT_EQ(task.attempt_left, 10s);
  EXPECT_EQ(stores::limit_due(task)->at, monotonic_time(10'003ms));
}

TEST(transitions, removal_saturates) {
  task_record task = running({});
  task.retention = milliseconds::max();
  EXPECT_FALSE(stores::removal_due(task)) << "not terminal";
  task = after(stores::cancelled(task, "", stores::visibility::hidden_too, at(1s)));
  EXPECT_EQ(stores::removal_due(task)->time_since_epoch(), milliseconds::max());
  task.retention = -1s;
  EXPECT_EQ(stores::removal_due(task), at(1s).mono);
}

TEST(transitions, a_claimed_task_cannot_be_claimed) {
  const task_record task = running({});
  EXPECT_EQ(stores::claimed(task, new_process_id(), at(0ms)).code, change_code::superseded);
  EXPECT_FALSE(stores::claimable(task));
}

TEST(transitions, an_absent_answer_leaves_the_question_open) {
  task_record task = running({});
  stores::question asked;
  asked.key = "a";
  task = after(stores::asked(task, {1, {}}, std::span(&asked, 1), at(0ms)));
  const stores::response nothing{"a", {}};
  EXPECT_EQ(stores::answered(task, std::span(&nothing, 1), at(0ms)).code, change_code::unchanged);
}

}  // namespace
}  // namespace longhaul::test
