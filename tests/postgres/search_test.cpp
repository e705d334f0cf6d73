// SPDX-License-Identifier: Apache-2.0
// Searches in a schema of very many tasks: which indexes PostgreSQL walks along, and how much is
// looked at. What is found says the contract suite.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "longhaul/testing/run.hpp"
#include "postgres/task_search.hpp"
#include "postgres/test_schema.hpp"
#include "support/search_cases.hpp"

namespace longhaul::test {
namespace {

using testkit::run;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class postgres_search : public testing::Test {
 protected:
  // One in a hundred failed, one in a hundred waits, one in a thousand is of the rare tool.
  void fill(int count) {
    const std::string numbers = " FROM generate_series(1, " + std::to_string(count) + ") i";
    const std::string id = "lpad(to_hex(i), 36, '0')";
    const std::string tool = "CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'common' END";
    schema_.run(
        "INSERT INTO @.tasks (id, owner, hidden, tool, arguments, created_at, on_crash, "
        "max_attempts, retry_backoff, retry_backoff_max, retry_on, unique_for, external) SELECT " +
        id + ", CASE WHEN i % 3 = 0 THEN 'bob' ELSE 'alice' END, false, " + tool +
        ", '{\"scene\":\"scene ' || (i % 10) || '\"}', i, 0, 3, 1000, 1000, 0, 0, false" + numbers);
    schema_.run(
        "INSERT INTO @.states (id, rev, epoch, attempt, began_at, status, message, run_at, "
        "updated_at, anchor, result_kind, quota, tool, line, external, ready, bytes) SELECT " +
        id +
        ", 3, 0, 0, 0, CASE WHEN i % 100 = 0 THEN 3 WHEN i % 100 = 1 THEN 0 ELSE 2 END, "
        "'done', 0, i, 0, 0, 'alice', " +
        tool + ", '', false, i % 100 = 1, 1024" + numbers);
    schema_.run("ANALYZE @.tasks");
    schema_.run("ANALYZE @.states");
  }

  test_schema schema_;
};

TEST_F(postgres_search, candidates_are_read_along_indexes) {
  fill(1'000);
  schema_.run("SET enable_seqscan = off");  // as if there were many: small tables are read whole
  for (const auto& [name, filter] : search_cases()) {
    std::string sql = replaced(postgres::candidates_sql(filter), "$1", "'~'");
    sql = replaced(sql, "$2", "'" + filter.id_prefix + "'");
    sql = replaced(sql, "$3", filter.tool.empty() ? "'bob'" : "'rare'");
    const std::string plan = schema_.run("EXPLAIN (FORMAT JSON) " + sql);
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << name << ": " << plan;
  }
}

// A million of them in `make check`, where the times are worth reading.
TEST_F(postgres_search, a_page_looks_at_few_of_them) {
  const int count = std::getenv("LONGHAUL_LONG_TESTS") != nullptr ? 1'000'000 : 30'000;
  fill(count);
  const auto store = schema_.open();
  for (const auto& [name, filter] : search_cases()) {
    std::vector<std::chrono::microseconds> times;
    stores::found_page page;
    for (int round = 0; round < 5; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      page = *run(store->search(filter, "", 50));
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
  }
}

}  // namespace
}  // namespace longhaul::test
