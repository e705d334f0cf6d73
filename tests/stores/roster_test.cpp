// SPDX-License-Identifier: Apache-2.0
// What is counted and found by the states of tasks follows every change, and is nothing once all
// tasks are gone.
#include "stores/roster.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "longhaul/stores/bounds.hpp"
#include "longhaul/stores/task_id.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using stores::change_code;
using stores::roster;

class roster_test : public testing::TestWithParam<roster::ended_tasks> {
 protected:
  static stores::instant at(milliseconds since_start) {
    return {timestamp(since_start), monotonic_time(since_start)};
  }
  roster::entry& add(std::optional<milliseconds> attempt_limit = std::nullopt,
                     bool claimed = true) {
    auto origin = std::make_shared<task_origin>();
    origin->id = new_task_id(timestamp(milliseconds(1)));
    origin->owner = origin->quota = "alice";
    origin->tool = "render";
    origin->attempt_limit = attempt_limit;
    stores::new_task task;
    task.origin = origin;
    task.retention = 1min;
    if (claimed) task.claim_for = process_;
    roster::entry entry;
    entry.record = std::make_shared<task_record>(stores::initial(task, at(0ms)));
    entry.bytes = stores::size_of(*entry.record);
    entry.quota = quotas_.admit("alice", {}, entry.bytes).granted;
    return tasks_.add(std::move(entry));
  }
  roster::effect make(roster::entry& task, stores::step proposed) {
    const auto decided = tasks_.admit(task, std::move(proposed));
    EXPECT_EQ(decided.code, change_code::applied);
    return tasks_.replace(task, decided);
  }
  stores::status_counts stats() const {
    stores::counts_by_tool result;
    tasks_.add_to(result);
    return total_of(result);
  }

  const process_id process_ = new_process_id();
  stores::quota_table quotas_;
  stores::run_counts runs_;
  roster tasks_{quotas_, runs_, GetParam()};
};

TEST_P(roster_test, follows_a_task_from_queue_to_end) {
  roster::entry& task = add(std::nullopt, false);
  const std::string id = task.record->id();
  EXPECT_EQ(stats().queued, 1U);
  const auto begun = make(task, stores::claimed(*task.record, process_, at(1s)));
  EXPECT_TRUE(begun.left_queue);
  EXPECT_EQ(stats().queued, 0U);
  EXPECT_TRUE(tasks_.any_running());

  const auto back = make(task, stores::released(*task.record, {1, {}}, at(2s)));
  EXPECT_TRUE(back.joined_queue);
  EXPECT_FALSE(tasks_.any_running());
  make(task, stores::cancelled(*task.record, "", stores::visibility::hidden_too, at(3s)));
  EXPECT_EQ(stats().cancelled, 1U);
  EXPECT_EQ(stats().working, 0U);
  const bool here = GetParam() == roster::ended_tasks::here;
  EXPECT_EQ(tasks_.find(id) != nullptr, here);
  EXPECT_EQ(tasks_.overdue_end(monotonic_time(1h)) != nullptr, here);

  if (here) {
    tasks_.remove(*tasks_.find(id));
  } else {
    tasks_.remove_ended("render", task_status::cancelled, "alice", quotas_.bytes());
  }
  EXPECT_EQ(stats().cancelled, 0U);
  EXPECT_EQ(quotas_.size(), 0U);
  EXPECT_EQ(quotas_.bytes(), 0U);
  EXPECT_EQ(tasks_.index_size(), 0U);
}

TEST_P(roster_test, gives_the_next_limit_first) {
  add(10s);
  add(5s);
  EXPECT_EQ(tasks_.next_limit(), monotonic_time(5s));
  EXPECT_EQ(tasks_.overdue(monotonic_time(5s - 1ms)), nullptr);
  roster::entry* const due = tasks_.overdue(monotonic_time(5s));
  ASSERT_NE(due, nullptr);
  make(*due, stores::timed_out(*due->record, at(5s)));
  EXPECT_EQ(tasks_.next_limit(), monotonic_time(10s));
  EXPECT_EQ(stats().failed, 1U);
}

TEST_P(roster_test, refuses_growth_beyond_the_bounds_and_changes_nothing) {
  stores::byte_bounds bounds;
  bounds.open_per_quota = 4096;
  quotas_.limit(bounds);
  roster::entry& task = add();
  const std::size_t before = quotas_.bytes();
  stores::report_change change;
  change.checkpoint = raw_json::trusted('"' + std::string(10'000, 'x') + '"');
  const auto refused = tasks_.admit(task, stores::reported(*task.record, {1, {}}, change, at(1s)),
                                    stores::growth::bounded);
  EXPECT_EQ(refused.code, change_code::busy);
  EXPECT_FALSE(refused.next);
  EXPECT_EQ(roster::told(task, refused).task, task.record);
  EXPECT_EQ(quotas_.bytes(), before);
}

TEST_P(roster_test, knows_whose_process_has_no_lease) {
  stores::lease_table leases;
  const std::string id = add().record->id();
  EXPECT_EQ(tasks_.orphans(leases), std::vector<std::string_view>{id});
  leases.renew(process_, monotonic_time(1h));
  EXPECT_TRUE(tasks_.orphans(leases).empty());
  std::vector<task_ptr> claimed;
  tasks_.claimed_by(process_, claimed);
  EXPECT_EQ(claimed.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(ended, roster_test,
                         testing::Values(roster::ended_tasks::here, roster::ended_tasks::elsewhere),
                         [](const auto& info) {
                           return info.param == roster::ended_tasks::here ? "here" : "elsewhere";
                         });

}  // namespace
}  // namespace longhaul::test
