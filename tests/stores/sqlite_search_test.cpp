// SPDX-License-Identifier: Apache-2.0
// Searches in a file of very many tasks: which indexes SQLite walks along, and how much is looked
// at. What is found says the contract suite.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "sqlite/schema.hpp"
#include "sqlite/sqlite_store.hpp"
#include "sqlite/task_search.hpp"
#include "stores/samples.hpp"
#include "support/search_cases.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

using sqlite::sqlite_store;

class many_tasks : public testing::Test {
 protected:
  // One in a hundred failed, one in a thousand is of the rare tool.
  void fill(int count) {
    {
      const sqlite_store made(options());
    }
    sqlite::connection file(path_);
    file.run("PRAGMA synchronous = OFF");
    file.run("BEGIN");
    const std::string numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < " +
        std::to_string(count) + ") ";
    file.run(numbers +
             "INSERT INTO tasks (seq, id, owner, hidden, tool, arguments, created_at, on_crash, "
             "max_attempts, retry_backoff, external) SELECT i, printf('%036x', i), "
             "CASE WHEN i % 3 = 0 THEN 'bob' ELSE 'alice' END, 0, CASE WHEN i % 1000 = 0 THEN "
             "'rare' ELSE 'common' END, '{\"scene\":\"scene ' || (i % 10) || '\"}', "
             "1000000000000 + i, 0, 3, 1000, 0 FROM n");
    file.run(numbers +
             "INSERT INTO states (seq, rev, epoch, attempt, status, ended, message, run_at, "
             "updated_at, anchor, questions, checkpointed, result_kind) SELECT i, 3, 1, 1, "
             "CASE WHEN i % 100 = 0 THEN 3 ELSE 2 END, 1, 'done', 0, 1000000000000 + i, 0, 0, 0, 0 "
             "FROM n");
    file.run("COMMIT");
  }
  sqlite::sqlite_options options() const {
    sqlite::sqlite_options result;
    result.path = path_;
    return result;
  }

  temporary_folder folder_;
  const std::string path_ = folder_.file("many.db");
};

TEST_F(many_tasks, a_search_walks_along_an_index_and_sorts_nothing) {
  fill(10);
  sqlite::connection file(path_);
  for (const auto& [name, filter] : search_cases()) {
    sqlite::statement plan(file, "EXPLAIN QUERY PLAN " + sqlite::search_statement(filter));
    while (plan.step()) {
      const std::string step(plan.text(3));
      EXPECT_EQ(step.find("TEMP B-TREE"), std::string::npos) << name << ": " << step;
      EXPECT_TRUE(step.starts_with("SEARCH") || step.find("INDEX") != std::string::npos)
          << name << ": " << step;
    }
  }
}

// A million of them in `make check`, where the times are worth reading.
TEST_F(many_tasks, a_page_looks_at_few_of_them) {
  const int count = std::getenv("LONGHAUL_LONG_TESTS") != nullptr ? 1'000'000 : 30'000;
  fill(count);
  sqlite_store store(options());
  for (const auto& [name, filter] : search_cases()) {
    std::vector<std::chrono::microseconds> times;
    stores::found_page page;
    for (int round = 0; round < 5; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      page = *run(store.search(filter, "", 50));
      times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - begin));
    }
    std::ranges::sort(times);
    std::cout << name << ": " << page.tasks.size() << " of " << count << " tasks, looked at "
              << page.looked << ", median " << times[2].count() << " us\n";
    EXPECT_LE(page.looked, stores::rules::searched_tasks) << name;
    if (name == "a whole id" || name == "no id") {
      EXPECT_EQ(page.looked, name == "no id" ? 0U : 1U) << name;
    }
    EXPECT_TRUE(page.complete || page.next_cursor) << name;
    if (name == "a rare tool" || name == "failed" || name == "an owner") {
      EXPECT_LE(page.looked, 50U) << name << ": its index has nothing else";
    }
  }
}

}  // namespace
}  // namespace longhaul::test
