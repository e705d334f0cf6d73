// SPDX-License-Identifier: Apache-2.0
// Two engines on one schema, as two servers have them: what must hold of handlers, and not only of
// rows. A real database, and the clock of the test.
#include <array>

#include "postgres/test_schema.hpp"
#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

class two_engines : public testing::Test {
 protected:
  two_engines() {
    // Deaf, as a program is that takes its time to stop.
    tools_->add(std::make_shared<const tool_definition>(
        make_tool({.name = "one", .concurrency = 1, .concurrency_key = "all"}, [this] {
          most_ = std::max<int>(most_, ++running_);
          door_.pass();
          --running_;
        })));
    for (auto& engine : engines_) {
      tasks::engine_options options;
      options.store = schema_.open();
      options.tools = tools_;
      options.clock = &clock_;
      options.audit_every = milliseconds(0);
      options.manual = true;
      engine = std::make_unique<tasks::engine>(options);
      engine->start();
    }
  }
  ~two_engines() override {
    door_.open();
    for (auto& engine : engines_) engine.reset();
  }

  task_ptr submit(std::size_t at) {
    tasks::submission what;
    what.tool = tools_->find("one");
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
  EXPECT_TRUE(completes(submit(1)));
}

}  // namespace
}  // namespace longhaul::test
