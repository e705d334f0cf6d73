// SPDX-License-Identifier: Apache-2.0
// Two engines on one schema, as two servers have them: what must hold of handlers, and not only of
// rows. A real database, and the clock of the test.
#include <array>

#include "longhaul/stores/task_id.hpp"
#include "postgres/test_schema.hpp"
#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

class two_engines : public testing::Test {
 protected:
  static constexpr milliseconds audit_every = std::chrono::hours(1);

  two_engines() {
    // Deaf, as a program is that takes its time to stop.
    tools_->add(std::make_shared<const tool_definition>(
        make_tool({.name = "one", .concurrency = 1, .concurrency_key = "all"}, [this] {
          most_ = std::max<int>(most_, ++running_);
          door_.pass();
          --running_;
        })));
    tools_->add(
        std::make_shared<const tool_definition>(make_tool({.name = "still",
                                                           .retry_on = retry_on::stall,
                                                           .max_attempts = 2,
                                                           .retry_backoff = milliseconds(0),
                                                           .concurrency = 2,
                                                           .concurrency_key = "all",
                                                           .stall_limit = milliseconds(1000)},
                                                          [this] { door_.pass(); })));
    for (auto& engine : engines_) {
      tasks::engine_options options;
      options.store = schema_.open();
      options.tools = tools_;
      options.clock = &clock_;
      // On the clock of the test, which runs ahead of the database: a task that another thread is
      // just claiming must not be seen by two audits.
      options.audit_every = audit_every;
      options.manual = true;
      engine = std::make_unique<tasks::engine>(options);
      engine->start();
    }
  }
  ~two_engines() override {
    door_.open();
    for (auto& engine : engines_) engine.reset();
  }

  task_ptr submit(std::size_t at, std::string_view tool = "one") {
    tasks::submission what;
    what.tool = tools_->find(tool);
    what.owner = "ann";
    return tasks::sync(engines_.at(at)->submit(what)).task;
  }
  void cancel(std::size_t at, const task_ptr& task) {
    const auto done = tasks::sync(engines_.at(at)->cancel("ann", task->id(), "test"));
    EXPECT_EQ(done.code, stores::change_code::applied);
  }
  void look() {
    clock_.advance(tasks::tunables::claim_poll);
    for (auto& engine : engines_) engine->tick();
  }
  /// Two of them find what was lost. Nothing may be about to be claimed by another thread.
  void audit() {
    for (int i = 0; i < 2; ++i) {
      clock_.advance(audit_every);
      for (auto& engine : engines_) engine->tick();
    }
  }
  /// Both look until then.
  bool comes(const std::function<bool()>& condition) {
    return wait_until([&] {
      look();
      return condition();
    });
  }
  bool completes(const task_ptr& task) {
    return comes([&] {
      const auto now = tasks::sync(engines_[0]->get("ann", task->id()));
      return now->status == task_status::completed;
    });
  }
  std::string places() { return schema_.run("SELECT count(*) FROM @.places"); }

  test_schema schema_;
  virtual_clock clock_;
  gate door_;
  std::atomic<int> running_{0}, most_{0};
  std::shared_ptr<tasks::tool_list> tools_ = std::make_shared<tasks::tool_list>();
  std::array<std::unique_ptr<tasks::engine>, 2> engines_;
};

TEST_F(two_engines, a_key_is_free_when_the_handler_has_returned_whoever_cancels) {
  const auto first = submit(0);
  door_.await_arrivals(1);
  const auto next = submit(1);
  cancel(1, first);
  const auto last = submit(1);
  for (int i = 0; i < 20; ++i) look();
  EXPECT_EQ(door_.arrivals(), 1) << "the first handler is at work";
  EXPECT_EQ(places(), "1");
  door_.open();
  EXPECT_TRUE(completes(next));
  EXPECT_TRUE(completes(last));
  EXPECT_EQ(most_, 1);
  EXPECT_TRUE(comes([&] { return places() == "0"; }));
}

// Two runs of one task, the first of which does not hear that it is to stop.
TEST_F(two_engines, a_run_that_stalled_counts_as_long_as_its_handler_is_at_work) {
  submit(0, "still");
  door_.await_arrivals(1);
  schema_.advance(milliseconds(1000));
  EXPECT_TRUE(comes([&] {
    schema_.advance(milliseconds(10));
    return door_.arrivals() == 2;
  })) << "the next attempt";
  for (int i = 0; i < 5; ++i) look();
  audit();
  EXPECT_EQ(places(), "2");
  door_.open();
  EXPECT_TRUE(comes([&] { return places() == "0"; }));
}

// Ids are the order in which tasks wait and are listed.
TEST_F(two_engines, ids_have_the_time_of_the_database_whatever_the_clock_of_the_server_says) {
  constexpr std::size_t time = 10;  // characters
  const auto tool = tools_->find("one");
  const std::string now = new_task_id(schema_.now()).substr(0, time);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(engines_[0]->new_id(*tool).substr(0, time), now);
  EXPECT_EQ(submit(0)->id().substr(0, time), now);
}

// As after an outage in which it could not be told.
TEST_F(two_engines, a_place_that_nobody_left_is_found_by_the_audit) {
  const auto first = submit(0);
  door_.await_arrivals(1);
  schema_.run("CREATE TABLE @.kept AS SELECT * FROM @.places");
  cancel(1, first);
  door_.open();
  ASSERT_TRUE(comes([&] { return places() == "0"; }));
  schema_.run("INSERT INTO @.places SELECT * FROM @.kept");
  schema_.run("DROP TABLE @.kept");
  const auto waits = submit(1);
  audit();
  EXPECT_TRUE(completes(waits));
}

}  // namespace
}  // namespace longhaul::test
