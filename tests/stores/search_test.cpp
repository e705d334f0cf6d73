// SPDX-License-Identifier: Apache-2.0
// What is looked for in memory: pages, and their bounds. The contract suite has the rest.
#include "longhaul/stores/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "stores/samples.hpp"

namespace longhaul::stores {
namespace {

task_ptr task_number(int number, const std::string& message = "") {
  auto origin = std::make_shared<task_origin>();
  origin->created_at = timestamp(milliseconds(1'000'000 + number));
  origin->id = new_task_id(origin->created_at);
  origin->owner = "alice";
  origin->tool = "render";
  auto task = std::make_shared<task_record>();
  task->origin = std::move(origin);
  task->status_message = message;
  return task;
}

TEST(task_search, a_search_for_text_ends_where_enough_was_looked_at) {
  std::vector<task_ptr> all;
  const int most = static_cast<int>(rules::searched_tasks);
  all.push_back(task_number(0, "needle"));
  for (int i = 1; i <= most + 5; ++i) all.push_back(task_number(i));
  std::ranges::shuffle(all, std::mt19937_64(7));
  task_filter filter;
  filter.text = "NEEDLE";
  const found_page first = page_of(all, filter, "", 10);
  EXPECT_TRUE(first.tasks.empty());
  EXPECT_FALSE(first.complete);
  EXPECT_EQ(first.looked, rules::searched_tasks);
  ASSERT_TRUE(first.next_cursor);
  const auto last = first.next_cursor->substr(3);
  const found_page second = page_of(all, filter, last, 10);
  ASSERT_EQ(second.tasks.size(), 1U);
  EXPECT_EQ(second.tasks.front()->status_message, "needle");
  EXPECT_TRUE(second.complete);
  EXPECT_FALSE(second.next_cursor);
}

TEST(task_search, pages_of_any_size_give_each_task_once) {
  std::vector<task_ptr> all;
  for (int i = 0; i < 100; ++i) all.push_back(task_number(i / 3, i % 2 == 0 ? "even" : "odd"));
  for (const std::string& text : {std::string(), std::string("odd")}) {
    task_filter filter;
    filter.text = text;
    for (const std::size_t limit : {0U, 1U, 7U, 100U, 1000U}) {
      std::vector<std::string> ids;
      std::string before;
      while (true) {
        const found_page page = page_of(all, filter, before, limit);
        for (const task_ptr& task : page.tasks) ids.push_back(task->id());
        if (!page.next_cursor) break;
        before = page.next_cursor->substr(3);
      }
      EXPECT_EQ(ids.size(), text.empty() ? 100U : 50U) << limit;
      EXPECT_TRUE(std::ranges::is_sorted(ids, std::greater()));
      EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
    }
  }
}

TEST(task_search, phases_have_names) {
  for (std::size_t i = 0; i < phase_count; ++i) {
    const auto where = static_cast<phase>(i);
    EXPECT_EQ(parse_phase(to_string(where)), where);
  }
  for (const char* none : {"", "working", "Running", "running "}) EXPECT_FALSE(parse_phase(none));
}

}  // namespace
}  // namespace longhaul::stores
