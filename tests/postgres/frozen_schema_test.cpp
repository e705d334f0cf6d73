// SPDX-License-Identifier: Apache-2.0
// A schema of version 1 as it was released (`v1.sql`), at the time of its dump: it opens, its tasks
// are what they were, and those that can run do.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/random.hpp"
#include "longhaul/stores/task_id.hpp"
#include "longhaul/testing/run.hpp"
#include "postgres/maintenance.hpp"
#include "postgres/test_schema.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;
using stores::change_code;
using stores::create_code;
using testkit::run;

class frozen_schema : public testing::Test {
 protected:
  frozen_schema() : link_(cluster::shared().url()) {
    std::ostringstream text;
    text << std::ifstream(LONGHAUL_TEST_DATA "/v1.sql").rdbuf();
    std::string sql = text.str();
    const std::string there = "frozen_v1";
    for (std::size_t at = 0; (at = sql.find(there, at)) != std::string::npos;) {
      sql.replace(at, there.size(), options_.schema);
    }
    link_.run(sql);
    true_time_ = query("SELECT pg_get_functiondef('@.store_time'::regproc)");
    set_time(a_minute_later_);
  }
  ~frozen_schema() override { query("DROP SCHEMA @ CASCADE"); }

  std::string query(const std::string& sql) {
    return link_.run(postgres::in_schema(sql, options_.schema));
  }
  void set_time(milliseconds time) {
    query(
        "CREATE OR REPLACE FUNCTION @.store_time() RETURNS bigint LANGUAGE sql VOLATILE AS "
        "'SELECT " +
        std::to_string(time.count()) + "::bigint'");
  }
  // By the tables as we make them, with their own clock.
  void expect_sound() {
    link_.run(true_time_);
    for (const std::string& fault : postgres::check(options_)) ADD_FAILURE() << fault;
    set_time(a_minute_later_);
  }
  void open() {
    store_ = std::make_unique<postgres::postgres_store>(options_);
    const auto page = run(store_->list(owner, std::nullopt, "", 100));
    for (const auto& line : page->tasks) {
      by_tool_[std::string(line->tool())].push_back(run(store_->get(owner, line->id())));
    }
  }
  /// Newest first, as listed.
  task_ptr task(const std::string& tool, std::size_t n = 0) const {
    return by_tool_.at(tool).at(n);
  }

  static constexpr const char* owner = "anonymous";
  const milliseconds a_minute_later_{1'795'814'100'000};
  testkit::manual_clock clock_;
  postgres::database_options options_ = [this] {
    postgres::database_options made;
    made.where = cluster::shared().url();
    made.schema = cluster::new_schema();
    made.clock = &clock_;
    return made;
  }();
  direct_link link_;
  std::string true_time_;
  std::unique_ptr<postgres::postgres_store> store_;
  std::map<std::string, std::vector<task_ptr>> by_tool_;
};

TEST_F(frozen_schema, P26_of_version_1_has_its_tasks_as_they_were) {
  expect_sound();
  EXPECT_EQ(query("SELECT count(*) FROM @.tasks"), "14");
  open();
  EXPECT_EQ(store_->found().tasks, 14U);
  EXPECT_EQ(store_->found().unfinished, 8U);
  EXPECT_EQ(run(store_->list(owner, std::nullopt, "", 100))->tasks.size(), 12U) << "two are hidden";
  EXPECT_EQ(run(store_->paused()).count("again"), 1U);

  EXPECT_EQ(task("quick")->status, task_status::completed);
  EXPECT_EQ(task("quick")->origin->idempotency_key, "a-key-of-at-least-22-characters");
  EXPECT_EQ(task("quick")->origin->quota, "anonymous@127.0.0.1");
  EXPECT_NE(task("quick")->origin->request_meta.view().find("traceparent"), std::string::npos);
  EXPECT_EQ(task("fails")->status, task_status::completed);
  EXPECT_TRUE(task("fails")->result.is_error);
  EXPECT_GT(task("large")->result.body.size(), 20'000U);
  const auto printed = run(store_->outputs()->read(task("large")->id(), "stdout", 0, 100));
  ASSERT_TRUE(printed);
  EXPECT_EQ(printed->bytes, "e two\n");
  EXPECT_EQ(printed->offset, 20'002U);
  EXPECT_FALSE(printed->state.open);
  EXPECT_EQ(task("times_out")->status, task_status::failed);
  EXPECT_EQ(task("work", 0)->status, task_status::cancelled);
  EXPECT_TRUE(task("work", 0)->cancel_requested_at);
  EXPECT_EQ(task("work", 1)->epoch, 0U) << "it waits";
  EXPECT_EQ(task("work", 2)->checkpoint.view(), R"({"frame":7})");
  EXPECT_EQ(task("work", 2)->progress->done, 7.0);
  EXPECT_EQ(task("work", 2)->origin->attempt_limit, 2h);
  ASSERT_TRUE(task("again")->attempts);
  ASSERT_EQ(task("again")->attempts->size(), 1U);
  EXPECT_EQ(task("again")->attempts->front().how, "exit code 75");
  EXPECT_EQ(*task("line", 0)->origin->concurrency_key, "place=there");
  EXPECT_EQ(*task("line", 1)->origin->concurrency_key, "place=here");
  EXPECT_TRUE(task("line", 1)->origin->unique_hash);
  EXPECT_EQ(task("ask")->status, task_status::input_required);
  EXPECT_TRUE(find_input(*task("ask"), "one")->response);
  EXPECT_FALSE(find_input(*task("ask"), "two")->response);
  for (const char* tool : {"once", "ask", "line"}) EXPECT_TRUE(task(tool)->process) << tool;

  stores::new_task same;
  auto origin = std::make_shared<task_origin>(*task("quick")->origin);
  origin->id = new_task_id(origin->created_at);
  same.origin = origin;
  const auto known = run(store_->create(same));
  EXPECT_EQ(known.code, create_code::existing);
  EXPECT_EQ(known.task->id(), task("quick")->id());
  origin = std::make_shared<task_origin>(*task("line", 1)->origin);
  origin->id = new_task_id(origin->created_at);
  same.origin = origin;
  EXPECT_EQ(run(store_->create(same)).task->id(), task("line", 1)->id());
}

TEST_F(frozen_schema, P26_of_version_1_goes_on_where_it_was) {
  open();
  const process_id mine = new_process_id();
  EXPECT_TRUE(run(store_->renew(mine, 1h)).alive);
  const auto recovered = run(store_->recover());
  EXPECT_EQ(recovered.handed_back, 4U) << "work, ask, and line twice";
  EXPECT_EQ(recovered.failed, 2U) << "once, and the hidden one";
  EXPECT_EQ(run(store_->get(owner, task("once")->id()))->status, task_status::failed);

  set_time(a_minute_later_ + 5s);
  EXPECT_TRUE(run(store_->renew(mine, 1h)).alive);
  stores::claim_request request;
  request.process = mine;
  request.count = 100;
  for (const char* tool : {"work", "line", "ask", "again"}) request.tools.emplace(tool, 100);
  request.concurrency.emplace("line", 1);
  std::map<std::string, std::multiset<std::uint64_t>> attempts;
  for (const auto& begun : run(store_->claim(request))) {
    attempts[std::string(begun->tool())].insert(begun->attempt);
    if (begun->tool() == "ask") {
      const std::vector<stores::response> given = {
          {"two", raw_json::trusted(R"({"action":"accept","content":{"v":"second"}})")}};
      EXPECT_EQ(run(store_->answer(owner, begun->id(), given)).code, change_code::applied);
    }
    const outcome done = outcome::result(raw_json::trusted(R"({"content":[]})"));
    EXPECT_EQ(run(store_->finish(begun->id(), {begun->epoch, {}}, done, "done")).code,
              change_code::applied);
  }
  EXPECT_EQ(attempts["work"], (std::multiset<std::uint64_t>{1, 2}));
  EXPECT_EQ(attempts["line"], (std::multiset<std::uint64_t>{2, 2}));
  EXPECT_EQ(attempts["ask"], (std::multiset<std::uint64_t>{2}));
  EXPECT_TRUE(attempts["again"].empty()) << "it is paused, and due tomorrow";
  const auto now = run(store_->stats());
  EXPECT_EQ(now.open(), 1U);
  EXPECT_EQ(now.completed, 4U + 5U);
  store_->close();
  expect_sound();
}

}  // namespace
}  // namespace longhaul::test
