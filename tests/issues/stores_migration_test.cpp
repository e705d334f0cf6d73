// SPDX-License-Identifier: Apache-2.0
// To sum up what ended tasks take up, the way to version 2 read all of them once for every quota
// and status: a file with many quotas took minutes to open, and longer by the square of them.
#include <gtest/gtest.h>

#include "sqlite/maintenance.hpp"
#include "sqlite/schema.hpp"
#include "support/temporary_folder.hpp"

namespace longhaul::test {
namespace {

// Of every owner three tasks that ended, each in another way and one of them with a question, and
// one that has not, with a checkpoint. Every second owner has a quota by another name.
void fill_version_1(sqlite::connection& in, int owners) {
  const std::string all = std::to_string(owners);
  in.run("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 4 * " +
         all +
         ") INSERT INTO tasks (seq, id, owner, quota, hidden, tool, arguments, created_at, "
         "on_crash, max_attempts, retry_backoff, external) SELECT i + 1, printf('%036d', i), "
         "'owner ' || (i % " +
         all + "), CASE i % 2 WHEN 0 THEN 'quota of ' || (i % " + all +
         ") END, 0, 'render', json_quote(hex(zeroblob(i % 50))), 1750000000000, 0, 1, 0, 0 FROM n");
  in.run(
      "INSERT INTO states (seq, rev, epoch, attempt, status, ended, message, run_at, updated_at, "
      "anchor, questions, checkpointed, result, result_kind) SELECT seq, 1, 1, 1, CASE nth WHEN 3 "
      "THEN 0 ELSE 2 + nth END, nth < 3, 'message ' || nth, 0, 1750000000000, 0, nth = 0, nth = 3, "
      "CASE WHEN nth < 3 THEN json_quote(hex(zeroblob(seq % 70))) END, 0 "
      "FROM (SELECT seq, (seq - 1) / " +
      all + " AS nth FROM tasks)");
  in.run(
      "INSERT INTO inputs (seq, position, key, request, request_hash, response, asked_rev) "
      "SELECT seq, 0, 'a', '{}', zeroblob(32), '{\"action\":\"decline\"}', 1 FROM states "
      "WHERE questions = 1");
  in.run("INSERT INTO checkpoints SELECT seq, '[1]' FROM states WHERE checkpointed = 1");
  in.run(
      "INSERT INTO finished SELECT coalesce(quota, owner), status, count(*) FROM tasks "
      "JOIN states USING (seq) WHERE ended = 1 GROUP BY 1, 2");
}

constexpr int few_instructions = 100;
int count_one(void* count) {
  ++*static_cast<int*>(count);
  return 0;
}

// What the migration costs, in hundreds of instructions of SQLite's machine.
int cost_of_migration(const std::string& path, int owners) {
  int cost = 0;
  sqlite::make_private_file(path);
  {
    sqlite::connection file(path);
    sqlite::prepare_writer(file);
    EXPECT_EQ(sqlite::upgrade(file, path, sqlite::all_migrations().first(1)), 0);
    fill_version_1(file, owners);
    EXPECT_TRUE(sqlite::check(path).empty()) << "a sound file of version 1";
    sqlite3_progress_handler(file.handle(), few_instructions, count_one, &cost);
    EXPECT_EQ(sqlite::upgrade(file, path), 1);
    sqlite3_progress_handler(file.handle(), 0, nullptr, nullptr);
    EXPECT_EQ(file.number("SELECT count(*) FROM finished"), 3 * owners);
    EXPECT_GT(file.number("SELECT min(bytes) FROM finished"), 1024);
  }
  for (const std::string& found : sqlite::check(path)) ADD_FAILURE() << found;
  return cost;
}

TEST(sqlite_migration, many_quotas_are_summed_up_in_one_go) {
  const temporary_folder folder;
  const int few = cost_of_migration(folder.file("few.db"), 100);
  const int many = cost_of_migration(folder.file("many.db"), 400);
  EXPECT_GT(few, 0);
  EXPECT_LT(many, 6 * few) << "four times as many, four times as much";
}

}  // namespace
}  // namespace longhaul::test
