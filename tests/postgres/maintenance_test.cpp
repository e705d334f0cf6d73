// SPDX-License-Identifier: Apache-2.0
// What operators do with a schema: make it, look whether it is sound, count, list.
#include "postgres/maintenance.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/run.hpp"
#include "postgres/schema.hpp"
#include "postgres/test_schema.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using testkit::run;

/// A schema with its own clock, which `check` compares with ours.
class maintained : public testing::Test {
 protected:
  maintained() : link_(cluster::shared().url()) {
    options_.where = cluster::shared().url();
    options_.schema = cluster::new_schema();
  }
  ~maintained() override { query("DROP SCHEMA IF EXISTS @ CASCADE"); }

  std::string query(const std::string& sql) {
    return link_.run(postgres::in_schema(sql, options_.schema));
  }
  task_ptr create(const std::string& tool, const std::function<void(task_origin&)>& change = {},
                  bool claimed = false) {
    auto origin = std::make_shared<task_origin>();
    origin->created_at = system_clock().now();
    origin->id = new_task_id(origin->created_at);
    origin->owner = origin->quota = "alice";
    origin->tool = tool;
    origin->arguments = raw_json::trusted(R"({"n":1})");
    if (change) change(*origin);
    stores::new_task task;
    task.origin = origin;
    task.retention = 1h;
    if (claimed) task.claim_for = process_;
    task.concurrency = 1;
    return run(store_->create(task)).task;
  }
  // One that ended, one that runs in a line, one that waits, one that asks, one that is delayed.
  void fill() {
    store_ = std::make_unique<postgres::postgres_store>(options_);
    EXPECT_TRUE(run(store_->renew(process_, 1h)).alive);
    ended_ = create("render", {}, true);
    const outcome done = outcome::result(raw_json::trusted(R"({"content":[]})"));
    run(store_->finish(ended_->id(), {1, {}}, done, "done"));
    runs_ = create(
        "line",
        [](task_origin& origin) {
          origin.concurrency_key = "here";
          origin.attempt_limit = 1h;
          origin.unique_hash.emplace().fill(7);
        },
        true);
    waits_ = create("render");
    asks_ = create("render", {}, true);
    stores::question asked;
    asked.key = "q";
    asked.request = raw_json::trusted(R"({"method":"elicitation/create","params":{}})");
    run(store_->ask(asks_->id(), {1, {}}, {&asked, 1}));
    delayed_ = create("render", [](task_origin& origin) { origin.retry_on = retry_on::any; }, true);
    run(store_->retry(delayed_->id(), {1, {}}, "exit code 1", store_->now().mono + 1h));
    run(store_->pause("render"));
    stores::output_news news{.task = runs_->id(), .run = "a run", .begins = true, .keep = 100};
    news.streams.push_back({.stream = "stdout", .bytes = "some", .total = 4});
    run(store_->outputs()->write(news));
  }
  bool says(const std::string& part) {
    found_ = postgres::check(options_);
    return std::ranges::any_of(
        found_, [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }
  std::string all_found() const {
    std::string text;
    for (const std::string& line : found_) text += line + "\n";
    return text;
  }

  direct_link link_;
  postgres::database_options options_;
  const process_id process_ = new_process_id();
  std::unique_ptr<postgres::postgres_store> store_;
  task_ptr ended_, runs_, waits_, asks_, delayed_;
  std::vector<std::string> found_;
};

TEST_F(maintained, a_schema_is_made_by_hand_once) {
  EXPECT_THROW(postgres::check(options_), std::runtime_error);
  EXPECT_THROW(postgres::stats_of(options_), std::runtime_error);
  const auto made = postgres::migrate(options_);
  EXPECT_EQ(made.before, 0);
  EXPECT_EQ(made.after, postgres::newest_version());
  EXPECT_EQ(postgres::migrate(options_).before, postgres::newest_version());
  EXPECT_FALSE(says(""));
  EXPECT_EQ(postgres::stats_of(options_).version, postgres::newest_version());
  query("UPDATE @.meta SET value = '99' WHERE name = 'version'");
  EXPECT_THROW(postgres::migrate(options_), std::runtime_error);
  EXPECT_THROW(postgres::check(options_), std::runtime_error);
}

TEST_F(maintained, what_our_store_writes_is_sound) {
  fill();
  EXPECT_FALSE(says("")) << all_found();
  stores::store& whole = *store_;
  run(whole.cancel("alice", waits_->id(), "no"));
  EXPECT_FALSE(says("")) << all_found();
  query("CREATE INDEX mine ON @.states (updated_at)");
  query("CREATE VIEW @.mine_too AS SELECT id FROM @.tasks");
  EXPECT_FALSE(says("")) << "whatever makes queries of operators fast: " << all_found();
}

TEST_F(maintained, each_fault_is_found) {
  fill();
  const std::string state = "UPDATE @.states SET ";
  const auto of = [](const task_ptr& task) { return " WHERE id = '" + task->id() + "'"; };
  struct planted {
    std::string fault, mended, said;
  };
  const std::vector<planted> all = {
      {state + "bytes = bytes + 1" + of(waits_), state + "bytes = bytes - 1" + of(waits_),
       "what it takes up is miscounted: task " + waits_->id()},
      {"UPDATE @.counts SET completed = completed + 1 WHERE tool = 'render'",
       "UPDATE @.counts SET completed = completed - 1 WHERE tool = 'render'",
       "tasks of alice with the tool render: completed 2 where there are 1"},
      {"INSERT INTO @.bodies (id) VALUES ('nobody')", "DELETE FROM @.bodies WHERE id = 'nobody'",
       "body without a task: nobody"},
      {"UPDATE @.tasks SET arguments = '{'" + of(ended_),
       "UPDATE @.tasks SET arguments = '{\"n\":1}'" + of(ended_),
       "cannot be read: arguments of task " + ended_->id()},
      {"UPDATE @.bodies SET inputs = inputs || '?'" + of(asks_),
       "UPDATE @.bodies SET inputs = rtrim(inputs, '?')" + of(asks_),
       "cannot be read: inputs of task " + asks_->id()},
      {"UPDATE @.bodies SET attempts = '{\"a\":' || attempts || '}'" + of(delayed_),
       "UPDATE @.bodies SET attempts = substr(attempts, 6, length(attempts) - 6)" + of(delayed_),
       "cannot be read: attempts of task " + delayed_->id()},
      {state + "ready = true" + of(ended_), state + "ready = false" + of(ended_),
       "it waits and is not found, or is found and does not wait"},
      {state + "due_at = due_at + 1" + of(delayed_), state + "due_at = due_at - 1" + of(delayed_),
       "it waits and is not found, or is found and does not wait"},
      {state + "process = (SELECT id FROM @.processes)" + of(ended_),
       state + "process = NULL" + of(ended_), "it runs though it has ended"},
      {"UPDATE @.places SET line = '=there'" + of(runs_),
       "UPDATE @.places SET line = '=here'" + of(runs_), "counts for another concurrency key"},
      {"UPDATE @.processes SET began_at = began_at - 3600000; UPDATE @.places SET holder = '\\x" +
           std::string(32, '0') + "'" + of(runs_),
       "UPDATE @.places SET holder = (SELECT id FROM @.processes)" + of(runs_),
       "its process is dead for more than a minute"},
      {state + "limit_at = NULL" + of(runs_),
       state + "limit_at = anchor + attempt_left" + of(runs_),
       "its times are not those of its limits"},
      {state + "line = '=there'" + of(runs_), state + "line = '=here'" + of(runs_),
       "another quota, tool, line or kind"},
      {"UPDATE @.tasks SET holds_hash = NULL" + of(runs_),
       "UPDATE @.tasks SET holds_hash = unique_hash" + of(runs_), "(holds_hash): task "},
      {state + "status = 7" + of(waits_), state + "status = 0" + of(waits_),
       "has a status that does not exist"},
      {"UPDATE @.tasks SET unique_hash = '\\x00'" + of(waits_),
       "UPDATE @.tasks SET unique_hash = NULL" + of(waits_), "a hash is not of 32 bytes"},
      {"UPDATE @.processes SET began_at = began_at - 3600000; " + state + "process = '\\x" +
           std::string(32, '0') + "'" + of(asks_),
       state + "process = (SELECT id FROM @.processes)" + of(asks_),
       "its process is dead for more than a minute"},
      {"UPDATE @.meta SET value = 'short' WHERE name = 'secret'",
       "UPDATE @.meta SET value = decode(repeat('00', 32), 'hex') WHERE name = 'secret'",
       "the secret is not of 32 bytes"},
      {"INSERT INTO @.outputs SELECT 'nobody', stream, run, process, 0, 0, 0, NULL, 0, 0, false "
       "FROM @.outputs WHERE stream = 'stdout'",
       "DELETE FROM @.outputs WHERE id = 'nobody'", "output without a task: nobody"},
      {"INSERT INTO @.output_parts VALUES ('nobody', 'stdout', 0, 'x')",
       "DELETE FROM @.output_parts WHERE id = 'nobody'",
       "a part of an output that is not there: task nobody"},
      {"UPDATE @.output_parts SET bytes = 'so'", "UPDATE @.output_parts SET bytes = 'some'",
       "the parts of an output are not what its row says: task " + runs_->id()},
      {"DROP INDEX @.places_runs", "CREATE UNIQUE INDEX places_runs ON @.places (id, epoch)",
       "the unique index places.places_runs is missing"},
      {"ALTER TABLE @.states ALTER COLUMN tool TYPE text COLLATE \"POSIX\"",
       "ALTER TABLE @.states ALTER COLUMN tool TYPE text COLLATE \"C\"",
       "the column states.tool was changed"},
      {"ALTER TABLE @.tasks ADD COLUMN more text", "ALTER TABLE @.tasks DROP COLUMN more",
       "the column tasks.more is not one of Longhaul's"},
      {"CREATE RULE loses AS ON UPDATE TO @.states DO INSTEAD NOTHING",
       "DROP RULE loses ON @.states", "the rule states.loses is not one of Longhaul's"},
      {"ALTER TABLE @.counts SET UNLOGGED", "ALTER TABLE @.counts SET LOGGED",
       "the table counts was changed"},
      {"ALTER TABLE @.bodies RENAME TO gone", "ALTER TABLE @.gone RENAME TO bodies",
       "the table bodies is missing"},
  };
  for (const planted& each : all) {
    query(each.fault);
    EXPECT_TRUE(says(each.said)) << each.fault << "\n" << all_found();
    query(each.mended);
    ASSERT_FALSE(says("")) << "after " << each.mended << "\n" << all_found();
  }
}

TEST_F(maintained, what_a_replica_would_refuse_is_a_fault) {
  fill();
  options_.where += "?options=-c%20synchronous_commit%3Doff";
  EXPECT_TRUE(says("synchronous_commit"));
}

TEST_F(maintained, counts_by_tool_and_names_who_lives) {
  fill();
  const auto is = postgres::stats_of(options_);
  EXPECT_EQ(is.by_tool.at("render").completed, 1U);
  EXPECT_EQ(is.by_tool.at("render").queued, 2U);
  EXPECT_EQ(is.by_tool.at("line").working, 1U);
  EXPECT_EQ(is.oldest_open->id, runs_->id());
  EXPECT_EQ(is.oldest, ended_->origin->created_at);
  EXPECT_EQ(is.newest, delayed_->origin->created_at);
  EXPECT_TRUE(is.paused.contains("render"));
  EXPECT_GT(is.bytes, 8192);
  ASSERT_EQ(is.processes.size(), 1U);
  EXPECT_EQ(is.processes[0].pid, ::getpid());
  EXPECT_EQ(is.processes[0].running, 2U) << "what asks is still its";
  EXPECT_GT(is.processes[0].lease_until, is.now);
}

TEST_F(maintained, lists_what_fits_newest_first) {
  fill();
  const auto ids = [&](const stores::list_filter& which) {
    std::vector<std::string> result;
    postgres::list(options_, which,
                   [&](const stores::listed_task& task) { result.push_back(task.id); });
    return result;
  };
  using texts = std::vector<std::string>;
  EXPECT_EQ(ids({}), (texts{delayed_->id(), asks_->id(), waits_->id(), runs_->id(), ended_->id()}));
  stores::list_filter which;
  which.limit = 2;
  EXPECT_EQ(ids(which), (texts{delayed_->id(), asks_->id()}));
  which = {};
  which.tool = "line";
  EXPECT_EQ(ids(which), texts{runs_->id()});
  which = {};
  which.status = task_status::working;
  which.queued = true;
  EXPECT_EQ(ids(which), (texts{delayed_->id(), waits_->id()}));
  which.owner = "bob";
  EXPECT_EQ(ids(which), texts{});
}

}  // namespace
}  // namespace longhaul::test
