// SPDX-License-Identifier: Apache-2.0
// Tools that come and go while the engine runs.
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

class tool_source_test : public engine_fixture {
 protected:
  bool is_claimed(const task_ptr& task) { return get(task)->process.has_value(); }
};

TEST_F(tool_source_test, names_are_unique_and_free_again_once_removed) {
  add({.name = "work"}, [] {});
  EXPECT_THROW(add({.name = "work"}, [] {}), std::invalid_argument);
  ASSERT_TRUE(tools->find("work"));
  EXPECT_EQ(tools->all()->size(), 1u);
  tools->remove("work");
  tools->remove("work");
  EXPECT_FALSE(tools->find("work"));
  EXPECT_TRUE(tools->all()->empty());
  add({.name = "work"}, [] {});
}

TEST_F(tool_source_test, a_tool_that_is_removed_while_it_runs_lives_until_it_has_ended) {
  gate& door = new_gate();
  add({.name = "work"}, [&](task_context&) {
    door.pass();
    return std::string("done");
  });
  start();
  const auto task = submit(call("work"));
  door.await_arrivals(1);
  const std::weak_ptr<const tool_definition> definition = tools->find("work");
  tools->remove("work");
  EXPECT_FALSE(definition.expired());
  door.open();
  EXPECT_EQ(text_of(*await_end(task)), "done");
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  engine->stop();
  EXPECT_TRUE(definition.expired());
}

TEST_F(tool_source_test, a_task_whose_tool_is_gone_waits_until_it_is_back) {
  gate& door = new_gate();
  options.max_running = 1;
  add({.name = "block"}, [&](task_context&) { door.pass(); });
  add({.name = "work"}, [] { return std::string("old"); });
  start();
  const auto first = submit(call("block"));
  door.await_arrivals(1);
  const auto waiting = submit(call("work"));
  tools->remove("work");
  door.open();
  await_end(first);
  EXPECT_EQ(await_end(submit(call("block")))->status, task_status::completed)
      << "it is not in the way of others";
  EXPECT_FALSE(is_claimed(waiting));
  add({.name = "work"}, [] { return std::string("new"); });
  clock.advance(options.claim_poll);
  engine->tick();
  EXPECT_EQ(text_of(*await_end(waiting)), "new");
}

/// Names a tool that it does not find any more, once.
class hasty_source final : public tasks::tool_source {
 public:
  explicit hasty_source(std::shared_ptr<const tasks::tool_source> beneath)
      : beneath_(std::move(beneath)) {}
  tasks::tool_ptr find(std::string_view name) const override {
    return missed_.exchange(true) ? beneath_->find(name) : nullptr;
  }
  std::shared_ptr<const std::vector<tasks::tool_ptr>> all() const override {
    return beneath_->all();
  }

 private:
  const std::shared_ptr<const tasks::tool_source> beneath_;
  mutable std::atomic<bool> missed_{false};
};

TEST_F(tool_source_test, a_task_whose_tool_is_removed_while_it_is_claimed_is_handed_back) {
  gate& door = new_gate();
  options.max_running = 1;
  options.tools = std::make_shared<hasty_source>(tools);
  add({.name = "block"}, [&](task_context&) { door.pass(); });
  add({.name = "work", .max_running = 1}, [] { return std::string("done"); });
  start();
  submit(call("block"));
  door.await_arrivals(1);
  const auto waiting = submit(call("work"));
  door.open();
  EXPECT_EQ(text_of(*await_end(waiting)), "done")
      << "and claimed again, with the slot it gave back";
}

}  // namespace
}  // namespace longhaul::test
