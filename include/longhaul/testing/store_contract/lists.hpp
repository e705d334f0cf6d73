// SPDX-License-Identifier: Apache-2.0
// Contract: pages of tasks, cursors, and tasks whose id was never handed out.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "longhaul/testing/store_contract/fixture.hpp"

namespace longhaul::testkit::contract {

TEST_P(store_contract, lists_are_newest_first_and_paged) {
  std::vector<std::string> ids;
  for (int i = 0; i < 25; ++i) {
    ids.push_back(create(origin())->id());
    fixture_->advance(1ms);
    create(origin("bob"));
  }
  std::reverse(ids.begin(), ids.end());
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = run(store().list("alice", std::nullopt, cursor, 10));
    ASSERT_TRUE(page);
    for (const auto& task : page->tasks) seen.push_back(task->id());
    ASSERT_EQ(page->next_cursor.has_value(), pages < 2);
    if (page->next_cursor) cursor = *page->next_cursor;
  }
  EXPECT_EQ(seen, ids);
}

TEST_P(store_contract, a_full_last_page_has_no_next) {
  for (int i = 0; i < 10; ++i) create(origin());
  const auto page = run(store().list("alice", std::nullopt, "", 10));
  EXPECT_EQ(page->tasks.size(), 10U);
  EXPECT_FALSE(page->next_cursor);
  EXPECT_TRUE(run(store().list("nobody", std::nullopt, "", 10))->tasks.empty());
}

TEST_P(store_contract, lists_filter_by_status) {
  // More than any store looks at in one go, and the one that matters last.
  const auto wanted = create_claimed();
  ASSERT_TRUE(applied(finish(wanted, 1, "x")));
  fixture_->advance(1ms);
  for (int i = 0; i < 600; ++i) create(origin());
  const auto page = run(store().list("alice", task_status::completed, "", 10));
  ASSERT_EQ(page->tasks.size(), 1U);
  EXPECT_EQ(page->tasks.front()->id(), wanted->id());
  EXPECT_FALSE(page->next_cursor);
  EXPECT_TRUE(run(store().list("alice", task_status::failed, "", 10))->tasks.empty());
}

TEST_P(store_contract, a_cursor_that_is_not_ours_is_refused) {
  create(origin());
  for (const std::string bad :
       {"x", "c1.", "c1.short", "\xff\xff", "0", "c1.iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"}) {
    EXPECT_FALSE(run(store().list("alice", std::nullopt, bad, 10))) << bad;
  }
  const std::string id = create(origin())->id();
  EXPECT_FALSE(run(store().list("alice", std::nullopt, id, 10))) << "a bare id";
}

TEST_P(store_contract, a_cursor_outlives_its_task) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(applied(finish(create(origin(), process_, 10s), 1, "x")));
    fixture_->advance(1ms);
  }
  const auto kept = create(origin());
  fixture_->advance(1ms);
  const auto last = create(origin(), process_, 1s);
  ASSERT_TRUE(applied(finish(last, 1, "x")));
  const auto page = run(store().list("alice", std::nullopt, "", 1));
  ASSERT_TRUE(page->next_cursor);
  fixture_->advance(1s);
  EXPECT_EQ(run(store().purge(10)).size(), 1U);
  const auto next = run(store().list("alice", std::nullopt, *page->next_cursor, 10));
  ASSERT_TRUE(next);
  ASSERT_EQ(next->tasks.size(), 4U);
  EXPECT_EQ(next->tasks.front()->id(), kept->id());
}

TEST_P(store_contract, hidden_tasks_are_read_but_not_listed_until_revealed) {
  stores::new_task task;
  task.origin = origin();
  task.hidden = true;
  task.retention = 1s;
  task.claim_for = process_;
  const auto made = run(store().create(task)).task;
  EXPECT_TRUE(made->hidden);
  EXPECT_TRUE(get(made));
  EXPECT_TRUE(run(store().list("alice", std::nullopt, "", 10))->tasks.empty());

  ASSERT_TRUE(applied(run(store().reveal("alice", made->id(), 5s))));
  const auto page = run(store().list("alice", std::nullopt, "", 10));
  ASSERT_EQ(page->tasks.size(), 1U);
  EXPECT_FALSE(page->tasks[0]->hidden);
  EXPECT_EQ(page->tasks[0]->retention, 5s);
  EXPECT_EQ(page->tasks[0]->rev, 2U);
  const auto again = run(store().reveal("alice", made->id(), 5s));
  EXPECT_EQ(again.code, change_code::unchanged);
  EXPECT_EQ(get(made)->rev, 2U);
}

TEST_P(store_contract, a_revealed_task_that_had_ended_is_kept_from_then_on) {
  stores::new_task task;
  task.origin = origin();
  task.hidden = true;
  task.retention = 2s;
  task.claim_for = process_;
  const auto made = run(store().create(task)).task;
  ASSERT_TRUE(applied(finish(made, 1, "x")));
  fixture_->advance(1s);
  ASSERT_TRUE(applied(run(store().reveal("alice", made->id(), 10s))));
  fixture_->advance(9'999ms);
  EXPECT_TRUE(run(store().purge(10)).empty());
  ASSERT_TRUE(get(made));
  EXPECT_EQ(get(made)->status, task_status::completed);
  fixture_->advance(1ms);
  EXPECT_FALSE(get(made));
  EXPECT_EQ(run(store().purge(10)).size(), 1U);
}

}  // namespace longhaul::testkit::contract
