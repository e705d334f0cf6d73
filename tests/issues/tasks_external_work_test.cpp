// SPDX-License-Identifier: Apache-2.0
// A tool that returned `external{}` without the option `.external = true` failed only when it was
// called, and after a restart nobody could find tasks whose work had been handed to somebody else.
// The flag follows from the type now, `external` lists them with their tokens, and what the handler
// saved is written before it is forgotten.
#include <array>
#include <atomic>

#include "longhaul/task_access.hpp"
#include "longhaul/task_engine.hpp"
#include "support/fault_store.hpp"
#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

using external_work = engine_fixture;

std::vector<task_ptr> listed(tasks::engine& engine, std::string_view tool = {},
                             std::string_view after = {}, std::size_t limit = 100) {
  return tasks::sync(engine.external(tool, after, limit));
}

TEST_F(external_work, the_type_says_it_and_the_task_waits_for_its_end) {
  add({.name = "render"}, [](task_context& task) {
    task.save_checkpoint(std::string("job 7"));
    return external{};
  });
  start();
  const auto task = submit(call("render"));
  await(task, [](const task_record& t) { return static_cast<bool>(t.checkpoint); });
  const auto open = listed(*engine);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open.at(0)->id(), task->id());
  EXPECT_EQ(open.at(0)->checkpoint.view(), "\"job 7\"");
  const stores::writer by{0, open.at(0)->origin->token};
  const outcome done = outcome::result(raw_json::trusted(R"({"content":[]})"));
  EXPECT_EQ(tasks::sync(engine->finish(task->id(), by, done, {})).code,
            stores::change_code::applied);
  EXPECT_TRUE(listed(*engine).empty());
}

// What the handler saved is in the store before its slot is given back: no tick is needed.
TEST_F(external_work, what_the_handler_saved_needs_no_tick) {
  add({.name = "render"}, [](task_context& task) {
    task.save_checkpoint(1);
    task.status("handed over");
    return external{};
  });
  start();
  const auto task = submit(call("render"));
  const auto saved = await(task, [](const task_record& t) { return bool(t.checkpoint); });
  EXPECT_EQ(saved->status_message, "handed over");
}

TEST_F(external_work, a_handler_may_decide_at_the_call) {
  add({.name = "maybe"}, [](const raw_json& arguments) -> std::variant<std::string, external> {
    if (arguments.view() == R"({"now":true})") return "done here";
    return external{};
  });
  start();
  auto now = call("maybe");
  now.arguments = raw_json::trusted(R"({"now":true})");
  EXPECT_EQ(text_of(*await_end(submit(now))), "done here");
  const auto later = submit(call("maybe"));
  EXPECT_EQ(listed(*engine, "maybe").size(), 1u);
  cancel(later);
  EXPECT_TRUE(listed(*engine).empty());
}

TEST_F(external_work, the_list_has_pages_tools_and_all_owners) {
  options.max_running = 2;
  add({.name = "a"}, [] { return external{}; });
  add({.name = "b"}, [] { return external{}; });
  add({.name = "c", .policy = task_policy::never}, [] { return external{}; });
  gate& door = new_gate();
  add({.name = "own"}, [&](task_context& task) { door.pass(task.stop_token()); });
  start();
  std::vector<std::string> durable;
  for (int i = 0; i < 5; ++i) durable.push_back(submit(call(i < 3 ? "a" : "b", "ann"))->id());
  durable.push_back(submit(call("a", "bob"))->id());
  auto hidden = call("a", "eve");
  hidden.hidden = true;
  durable.push_back(submit(hidden)->id());
  const std::string in_memory = submit(call("c"))->id();
  submit(call("own"));
  std::sort(durable.begin(), durable.end());

  std::vector<std::string> walked;
  for (std::string after;;) {
    const auto page = listed(*engine, {}, after, 2);
    if (page.empty()) break;
    for (const auto& task : page) walked.push_back(task->id());
    after = walked.back();
  }
  durable.push_back(in_memory);
  EXPECT_EQ(walked, durable);
  EXPECT_EQ(listed(*engine, "a").size(), 5u);
  EXPECT_EQ(listed(*engine, "b").size(), 2u);
  EXPECT_EQ(listed(*engine, "own").size(), 0u);
}

TEST(external_of_a_library, pages_have_cursors_and_results_are_of_any_type) {
  task_engine engine;
  engine.start();
  std::vector<task_ptr> made;
  for (int i = 0; i < 5; ++i) made.push_back(engine.create_external({.tool = "render"}));
  auto page = engine.external("render", {}, 3);
  EXPECT_EQ(page.tasks.size(), 3u);
  ASSERT_TRUE(page.next_cursor);
  page = engine.external("render", *page.next_cursor, 3);
  EXPECT_EQ(page.tasks.size(), 2u);
  EXPECT_FALSE(page.next_cursor);
  for (const char* bad : {"1", "c1.", "c1.x", "c1.vv", "nonsense"}) {
    EXPECT_THROW(engine.external({}, bad), std::invalid_argument) << bad;
  }
  const auto finish = [&](std::size_t which, const auto& result) {
    const auto& task = made.at(which);
    EXPECT_EQ(engine.complete(task->id(), task->origin->token, result).code, change::applied);
    return std::string(engine.get("local", task->id())->result.body.view());
  };
  EXPECT_NE(finish(0, "as text").find("as text"), std::string::npos);
  EXPECT_NE(finish(1, 42).find(R"("structuredContent":{"result":42})"), std::string::npos);
  EXPECT_NE(finish(2, tool_result(text("no")).as_error()).find(R"("isError":true)"),
            std::string::npos);
  EXPECT_NE(finish(3, outcome::tool_error("no")).find(R"("isError":true)"), std::string::npos);
  EXPECT_EQ(engine.complete(made.at(4)->id(), "not the token", 1).code, change::superseded);
  EXPECT_EQ(engine.complete("nothing", "", 1).code, change::not_found);
}

// Handlers that hand work over run beyond the slots, and there was no bound on them: each costs a
// thread.
class hand_overs : public engine_fixture {
 protected:
  hand_overs() {
    options.max_running = 1;
    options.max_parked = 2;
    add({.name = "render"}, [this](task_context&) {
      doors_.at(door_).pass();
      return external{};
    });
  }
  stores::create_result make(const tasks::submission& what) {
    return tasks::sync(engine->submit(what));
  }
  void await_handlers() {
    EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
  }
  // Three at a time are taken, and no more; they end.
  void expect_room_for_three(const std::string& owner) {
    gate& door = doors_.at(++door_);
    int taken = 0;
    for (int i = 0; i < 20; ++i) {
      const auto made = make(call("render", owner));
      if (made.code == stores::create_code::created) {
        ++taken;
        continue;
      }
      EXPECT_EQ(made.code, stores::create_code::busy);
      EXPECT_EQ(made.bound, "max_parked");
      EXPECT_FALSE(made.task);
    }
    EXPECT_EQ(taken, 3);
    door.await_arrivals(taken);
    EXPECT_EQ(door.arrivals(), taken);
    door.open();
    await_handlers();
  }

 private:
  std::array<gate, 4> doors_;
  std::atomic<std::size_t> door_ = 0;
};

TEST_F(hand_overs, are_bounded_and_go_on_once_there_is_room) {
  start();
  expect_room_for_three("ann");
  EXPECT_EQ(listed(*engine).size(), 3u) << "of the others there is nothing";
  expect_room_for_three("ann");
  EXPECT_EQ(listed(*engine).size(), 6u);
}

// However one ends, or did not begin, it takes up no room any more.
TEST_F(hand_overs, that_came_to_nothing_are_not_counted) {
  beneath = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  const auto around = std::make_shared<fault_store>(*beneath, 1, fault_rates{});
  options.store = around;
  options.bounds.open_per_quota = 4;
  add({.name = "throws"}, [](task_context&) -> external { throw tool_error("no"); });
  add({.name = "waits"}, [](task_context& task) {
    task.sleep_for(std::chrono::hours(10));
    return external{};
  });
  start();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(await_end(submit(call("throws", "thrower")))->status, task_status::completed);
    await_handlers();
    const auto stopped = submit(call("waits", "stopper"));
    EXPECT_EQ(cancel(stopped).code, stores::change_code::applied);
    await_handlers();
  }
  expect_room_for_three("ann");
  auto keyed = call("render", "keyed");
  keyed.idempotency_key = "k";
  EXPECT_EQ(make(keyed).code, stores::create_code::created);
  await_handlers();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(make(keyed).code, stores::create_code::existing);
  EXPECT_EQ(make(call("render", "ann")).code, stores::create_code::created);
  await_handlers();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(make(call("render", "ann")).bound, "max_open_per_owner");
  around->crash_at("create.before");
  for (int i = 0; i < 10; ++i) EXPECT_THROW(make(call("render", "bob")), crashed);
  around->restart();
  expect_room_for_three("bob");
}

// The line that people read was empty: only the error's own text said what had happened.
TEST(external_of_a_library, a_result_that_is_too_large_is_told_in_the_status) {
  task_engine_options options;
  options.limits.max_result = 1000;
  task_engine engine(options);
  engine.start();
  const auto task = engine.create_external({.tool = "render"});
  EXPECT_EQ(engine.complete(task->id(), task->origin->token, std::string(2000, 'x')).code,
            change::applied);
  const auto ended = engine.get("local", task->id());
  EXPECT_EQ(ended->status, task_status::failed);
  EXPECT_NE(ended->status_message.find("max_result: 1000"), std::string::npos)
      << ended->status_message;
}

}  // namespace
}  // namespace longhaul::test
