// SPDX-License-Identifier: Apache-2.0
// Plain calls without a row when something goes wrong: followers and executors that throw, drains
// and limits in the middle of something, bounds, executors that are gone.
#include <algorithm>
#include <atomic>
#include <boost/asio/execution.hpp>
#include <new>
#include <thread>
#include <vector>

#include "longhaul/error_codes.hpp"
#include "tasks/direct_fixture.hpp"
#include "tasks/waiting_calls.hpp"

namespace longhaul::test {
namespace {

class thrower : public tasks::follower {
 public:
  void on_task(const task_ptr&) override { throw std::runtime_error("no room"); }
};

/// Tools that cannot be had once.
class stumbling_tools final : public tasks::tool_source {
 public:
  explicit stumbling_tools(std::shared_ptr<const tasks::tool_list> list) : list_(std::move(list)) {}
  tasks::tool_ptr find(std::string_view name) const override { return list_->find(name); }
  std::shared_ptr<const std::vector<tasks::tool_ptr>> all() const override {
    ++asked;
    if (stumbles.exchange(false)) throw std::bad_alloc();
    return list_->all();
  }
  mutable std::atomic<bool> stumbles{false};
  mutable std::atomic<int> asked{0};

 private:
  const std::shared_ptr<const tasks::tool_list> list_;
};

class direct_trouble : public direct_fixture {
 protected:
  /// Does something once, on another thread, when the next line of this event is written.
  void at_line(std::string event, std::function<void()> action) {
    event_ = std::move(event);
    action_ = std::move(action);
    armed_ = true;
  }
  void listen_to_the_log() {
    options.log = logger([this](const log_record& record) {
      {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(record.event);
      }
      if (!armed_ || record.event != event_ || !armed_.exchange(false)) return;
      std::thread(action_).join();
    });
  }
  std::size_t lines(std::string_view event) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(lines_.begin(), lines_.end(), event));
  }
  tasks::submission hidden_row(std::string_view tool) {
    auto work = call(tool);
    work.id = engine->new_id(*work.tool);
    work.hidden = true;
    return work;
  }
  static bool is_over(const task_record& task) { return task.terminal(); }
  void expect_nothing_left_but(std::size_t followers) {
    EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
    EXPECT_EQ(engine->followers(), followers);
  }
  /// Once there is a slot, as `run`.
  task_ptr run_for(boost::asio::io_context& here, const tasks::submission& work,
                   const std::shared_ptr<tasks::follower>& who) {
    task_ptr now;
    EXPECT_TRUE(wait_until([&] { return (now = run_on(here, work, who)) != nullptr; }));
    return now;
  }
  std::shared_ptr<stumbling_tools> use_stumbling_tools() {
    auto source = std::make_shared<stumbling_tools>(tools);
    options.tools = source;
    return source;
  }

 private:
  std::string event_;
  std::function<void()> action_;
  std::atomic<bool> armed_{false};
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// --- what callers and their executors do

// The run was never taken out, and its slot was gone for good.
TEST_F(direct_trouble, a_caller_that_throws_costs_no_slot) {
  options.max_running = 1;
  listen_to_the_log();
  add_never("work", [] { return std::string("done"); });
  start();
  const auto rude = std::make_shared<thrower>();
  ASSERT_TRUE(run_for(context, hidden_row("work"), rude));
  EXPECT_TRUE(wait_until([&] { return engine->running() == 0; }));
  EXPECT_EQ(lines("task.untold"), 1u);
  ASSERT_TRUE(run("work"));
  EXPECT_EQ(text_of(*end()), "done");
  expect_nothing_left();
}

TEST_F(direct_trouble, P13_a_caller_that_throws_keeps_nobody_from_a_limit) {
  gate& door = new_gate();
  tool_options tool;
  tool.attempt_limit = std::chrono::minutes(10);
  add_never("slow", [&](task_context& task) { door.pass(task.stop_token()); }, tool);
  start();
  const auto rude = std::make_shared<thrower>();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(run_for(context, hidden_row("slow"), rude));
  ASSERT_TRUE(run("slow"));
  door.await_arrivals(9);
  clock.advance(std::chrono::minutes(10));
  engine->tick();
  EXPECT_EQ(caller->ends(), 1) << "in the same tick";
  expect_nothing_left();  // the tokens of all were raised
}

/// Posts to another executor; the first post throws.
class stumbling_executor {
 public:
  using inner = boost::asio::io_context::executor_type;
  stumbling_executor(inner to, std::shared_ptr<std::atomic<bool>> stumbles)
      : to_(to), stumbles_(std::move(stumbles)) {}

  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return to_.context();
  }
  static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  stumbling_executor require(boost::asio::execution::blocking_t::never_t) const { return *this; }
  template <class Function>
  void execute(Function function) const {
    if (stumbles_->exchange(false)) throw std::bad_alloc();
    boost::asio::post(to_, std::move(function));
  }
  bool operator==(const stumbling_executor& other) const noexcept { return to_ == other.to_; }
  bool operator!=(const stumbling_executor& other) const noexcept { return !(*this == other); }

 private:
  inner to_;
  std::shared_ptr<std::atomic<bool>> stumbles_;
};

// Everything that was launched later waited for a hand-over that never came.
TEST_F(direct_trouble, an_executor_that_throws_once_stops_no_later_start) {
  add_never("work", [] { return std::string("done"); });
  start();
  const auto stumbles = std::make_shared<std::atomic<bool>>(true);
  const stumbling_executor here(context.get_executor(), stumbles);
  task_ptr begun;
  ASSERT_TRUE(wait_until(
      [&] { return (begun = engine->run_directly(hidden_row("work"), caller, here)) != nullptr; }));
  EXPECT_FALSE(*stumbles);
  // What has ended already is given, not told.
  EXPECT_EQ(text_of(begun->terminal() ? *begun : *end()), "done");
  caller = std::make_shared<mailbox>();
  ASSERT_TRUE(run("work"));
  EXPECT_EQ(text_of(*end()), "done");
  expect_nothing_left();
}

// Its row stayed, with its slot; a later stop was posted to the executor that was gone.
TEST_F(direct_trouble, a_quick_call_that_asks_ends_with_its_executor) {
  auto other = std::make_unique<boost::asio::io_context>(1);
  tool_options one;
  one.max_running = 1;
  add_quick(
      [](task_context& task) -> awaitable<std::string> {
        const auto reply = co_await task.async_ask("color", ask_about("Which color?"));
        co_return std::string(reply.content.view());
      },
      one);
  start();
  const task_ptr begun = run_for(*other, hidden_row("quick"), caller);
  ASSERT_TRUE(begun);
  caller->await(is_asking);
  EXPECT_EQ(engine->running(), 1u);
  other.reset();
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_EQ(engine->followers(), 0u);
  EXPECT_FALSE(tasks::sync(engine->get_any("ann", begun->id())));
  EXPECT_TRUE(run("quick")) << "its slot is free";
  context.restart();
  context.poll();
  tasks::sync(engine->cancel("ann", begun->id(), ""));
}

TEST_F(direct_trouble, P21_quick_handlers_that_wait_are_no_more_than_there_are_slots) {
  options.max_running = 2;
  add_quick(sleep_a_day);
  start();
  EXPECT_TRUE(try_run("quick"));
  EXPECT_TRUE(try_run("quick"));
  EXPECT_FALSE(try_run("quick"));
}

// --- drains and cancels

// It ran although its caller had been told that it was lost.
TEST_F(direct_trouble, P17_a_call_that_meets_a_drain_never_runs) {
  listen_to_the_log();
  bool ran = false;
  add_quick([&]() -> awaitable<std::string> {
    ran = true;
    return greet();
  });
  start();
  at_line("task.begin", [&] { engine->drain(milliseconds(0), milliseconds(0)); });
  const task_ptr begun = try_run("quick");
  ASSERT_TRUE(begun);
  EXPECT_EQ(error_code_of(*begun), error_codes::executor_lost);
  EXPECT_FALSE(ran);
  EXPECT_EQ(engine->running(), 0u);
  engine->stop();
}

TEST_F(direct_trouble, P12_what_is_cancelled_before_it_starts_never_runs) {
  std::atomic<bool> ran = false;
  add_never("work", [&] { ran = true; });
  start();
  const auto work = hidden_row("work");
  task_ptr begun;  // and not handed over yet
  ASSERT_TRUE(wait_until([&] {
    begun = engine->run_directly(work, caller, context.get_executor());
    return begun != nullptr;
  }));
  tasks::sync(engine->cancel("ann", work.id, ""));
  context.poll();
  expect_nothing_left();
  EXPECT_FALSE(ran);
  EXPECT_EQ(end()->status, task_status::cancelled);
}

// --- questions

TEST_F(direct_trouble, P21_a_row_made_for_a_question_is_held_to_the_bounds) {
  options.max_running = 2;
  options.bounds.open_per_quota = 4;
  add_never("paint", [](task_context& task) { task.ask("color", ask_about("Which color?")); });
  start();
  for (int i = 0; i < 4; ++i) {
    caller = std::make_shared<mailbox>();
    ASSERT_TRUE(run("paint"));
    caller->await(is_asking);
  }
  caller = std::make_shared<mailbox>();
  ASSERT_TRUE(run("paint"));
  const auto failed = end();
  EXPECT_EQ(failed->status, task_status::failed);
  EXPECT_NE(failed->status_message.find("cannot be kept now"), std::string::npos)
      << failed->status_message;
}

TEST_F(direct_trouble, a_question_that_may_not_be_put_makes_no_row) {
  listen_to_the_log();
  bool refused = false;
  add_quick([&](task_context& task) -> awaitable<std::string> {
    try {
      task.ask("color", ask_about("Which color?"));
    } catch (const std::logic_error&) {
      refused = true;
    }
    std::vector<std::pair<std::string, elicitation>> none;
    const auto answers = co_await task.async_ask_all(std::move(none));
    EXPECT_TRUE(answers.empty());
    try {
      auto question = ask_about("Which color?");
      co_await task.async_ask(std::string(), std::move(question));
    } catch (const question_error&) {
      co_return "refused";
    }
    co_return "asked";
  });
  start();
  EXPECT_EQ(text_of(*run("quick")), "refused");
  EXPECT_TRUE(refused);
  EXPECT_EQ(lines("task.change"), 0u) << "no row was created";
}

// The caller waited for ever.
TEST_F(direct_trouble, P13_a_limit_that_ends_the_row_before_it_is_followed_is_told) {
  listen_to_the_log();
  gate& door = new_gate();
  tool_options tool;
  tool.attempt_limit = std::chrono::minutes(10);
  add_never(
      "paint",
      [&](task_context& task) {
        door.pass();
        task.ask("color", ask_about("Which color?"));
      },
      tool);
  start();
  ASSERT_TRUE(run("paint"));
  door.await_arrivals(1);
  clock.advance(std::chrono::minutes(10));
  at_line("task.change", [&] { engine->tick(); });  // its creation
  door.open();
  EXPECT_EQ(error_code_of(*end()), error_codes::time_limit);
  expect_nothing_left();
  EXPECT_EQ(lines("task.end"), 1u);
}

TEST_F(direct_trouble, the_end_of_a_call_that_is_cancelled_while_it_gets_its_row_is_logged_once) {
  listen_to_the_log();
  gate& door = new_gate();
  add_never("paint", [&](task_context& task) {
    door.pass();
    task.ask("color", ask_about("Which color?"));
  });
  start();
  const task_ptr begun = run("paint");
  ASSERT_TRUE(begun);
  door.await_arrivals(1);
  at_line("task.change", [&] { tasks::sync(engine->cancel("ann", begun->id(), "")); });
  door.open();
  EXPECT_EQ(end()->status, task_status::cancelled);
  expect_nothing_left();
  EXPECT_EQ(lines("task.end"), 1u);
  EXPECT_EQ(caller->ends(), 1);
}

// It was on its way to a row for ever: no limit ended it, and the row stayed.
TEST_F(direct_trouble, a_row_that_cannot_be_followed_is_taken_back) {
  gate& door = new_gate();
  tool_options tool;
  tool.attempt_limit = std::chrono::minutes(10);
  std::atomic<bool> refused = false;
  add_never(
      "paint",
      [&](task_context& task) {
        try {
          task.ask("color", ask_about("Which color?"));
        } catch (const tasks::too_many_followers&) {
          refused = true;
        }
        door.pass(task.stop_token());
      },
      tool);
  start();
  const auto work = hidden_row("paint");
  const auto crowd = std::make_shared<mailbox>();
  std::vector<tasks::hub::subscription> following;
  for (std::size_t i = 0; i < tasks::tunables::followers_per_task; ++i) {
    following.push_back(engine->follow(work.id, crowd));
  }
  ASSERT_TRUE(run_for(context, work, caller));
  door.await_arrivals(1);
  EXPECT_TRUE(refused);
  clock.advance(std::chrono::minutes(10));
  engine->tick();
  EXPECT_EQ(error_code_of(*end()), error_codes::time_limit);
  following.clear();
  expect_nothing_left();
  EXPECT_FALSE(tasks::sync(engine->get_any("ann", work.id))) << "no row is left";
}

// --- calls that wait for a slot

// The slots of a claim that failed were gone, and no tool with a limit got one any more.
TEST_F(direct_trouble, a_claim_that_fails_gives_its_slots_back) {
  gate& door = new_gate();
  options.max_running = 1;
  const auto source = use_stumbling_tools();
  add_never("block", [&](task_context&) { door.pass(); });
  tool_options one;
  one.max_running = 1;
  add_never("rare", [] { return std::string("done"); }, one);
  start();
  ASSERT_TRUE(run("block"));
  door.await_arrivals(1);
  const auto waiting = hidden_row("rare");
  const auto hears = std::make_shared<mailbox>();
  const auto following = engine->follow(waiting.id, hears);
  submit(waiting);
  source->stumbles = true;
  door.open();
  ASSERT_TRUE(wait_until([&] { return !source->stumbles; }));
  engine->tick();
  EXPECT_EQ(text_of(*hears->await([](const task_record& task) { return task.terminal(); })),
            "done");
}

// It waited for a tool of its name until its caller left.
TEST_F(direct_trouble, a_call_that_waits_runs_although_its_tool_is_removed) {
  gate& door = new_gate();
  options.max_running = 1;
  add_never("block", [&](task_context&) { door.pass(); });
  tool_options one;
  one.max_running = 1;
  add_never("late", [] { return std::string("old"); }, one);
  start();
  ASSERT_TRUE(run("block"));
  door.await_arrivals(1);
  const auto hears = std::make_shared<mailbox>(), hears_too = std::make_shared<mailbox>();
  const auto first = hidden_row("late"), second = hidden_row("late");
  const auto following = engine->follow(first.id, hears);
  const auto following_too = engine->follow(second.id, hears_too);
  submit(first);
  submit(second);
  tools->remove("late");
  door.open();
  EXPECT_EQ(text_of(*hears->await(is_over)), "old");
  EXPECT_EQ(text_of(*hears_too->await(is_over)), "old") << "within the limit that it had";
  expect_nothing_left_but(2);
}

TEST_F(direct_trouble, a_call_that_waits_runs_what_it_was_looked_up_with) {
  gate& door = new_gate();
  options.max_running = 1;
  add_never("block", [&](task_context&) { door.pass(); });
  add_never("late", [] { return std::string("old"); });
  start();
  ASSERT_TRUE(run("block"));
  door.await_arrivals(1);
  const auto waiting = hidden_row("late");
  const auto hears = std::make_shared<mailbox>();
  const auto following = engine->follow(waiting.id, hears);
  submit(waiting);
  tools->remove("late");
  add({.name = "late"}, [] { return std::string("new"); });
  door.open();
  EXPECT_EQ(text_of(*hears->await(is_over)), "old") << "whatever the policy of the new one is";
}

TEST_F(direct_trouble, a_removed_definition_goes_with_the_last_call_that_waited) {
  gate& door = new_gate();
  options.max_running = 1;
  add_never("block", [&](task_context&) { door.pass(); });
  add_never("late", [] { return std::string("old"); });
  const std::weak_ptr<const tool_definition> definition = tools->find("late");
  start();
  ASSERT_TRUE(run("block"));
  door.await_arrivals(1);
  task_ptr row = submit(hidden_row("late"));
  tools->remove("late");
  EXPECT_FALSE(definition.expired());
  cancel(row);
  EXPECT_TRUE(definition.expired());
}

// Tasks of its name wait in the same queue, for the return of the tool.
TEST_F(direct_trouble, a_durable_call_that_waits_ends_when_its_tool_is_removed) {
  gate& door = new_gate();
  options.max_running = 1;
  add({.name = "block"}, [&](task_context&) { door.pass(); });
  add({.name = "work"}, [] { return std::string("done"); });
  start();
  submit(call("block"));
  door.await_arrivals(1);
  const task_ptr task = submit(call("work")), plain = submit(hidden_row("work"));
  const task_ptr seen = submit(hidden_row("work"));
  tasks::sync(engine->reveal("ann", seen->id(), options.default_retention));
  engine->tick();
  EXPECT_FALSE(tasks::sync(engine->get_any("ann", plain->id()))->terminal()) << "its tool is there";
  const auto hears = std::make_shared<mailbox>();
  const auto following = engine->follow(plain->id(), hears);
  tools->remove("work");
  engine->tick();
  const task_ptr ended = hears->await(is_over);
  EXPECT_EQ(ended->status, task_status::cancelled);
  EXPECT_EQ(ended->cancel_reason, tasks::removed_reason);
  door.open();
  add({.name = "work"}, [] { return std::string("new"); });
  clock.advance(options.claim_poll);
  engine->tick();
  EXPECT_EQ(text_of(*await_end(task)), "new");
  EXPECT_EQ(text_of(*await_end(seen)), "new");
}

// Calls got rows as long as any tool was at its own limit.
TEST_F(direct_trouble, a_tool_that_makes_tasks_and_is_full_keeps_no_call_from_its_slot) {
  gate &door = new_gate(), &other = new_gate();
  options.max_running = 2;
  add({.name = "slow", .max_running = 1}, [&](task_context&) { other.pass(); });
  add_never("work", [&](task_context&) { door.pass(); });
  start();
  submit(call("slow"));
  other.await_arrivals(1);
  ASSERT_TRUE(run("work"));
  door.await_arrivals(1);
  const auto waiting = hidden_row("work");
  const auto hears = std::make_shared<mailbox>();
  const auto following = engine->follow(waiting.id, hears);
  submit(waiting);
  door.open();
  hears->await([](const task_record& task) { return task.terminal(); });
  EXPECT_TRUE(run("work"));
}

}  // namespace
}  // namespace longhaul::test
