// SPDX-License-Identifier: Apache-2.0
// Plain calls without a row: every way in which one can end, asked, reported, stopped, refused.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <vector>

#include "longhaul/error_codes.hpp"
#include "support/seed.hpp"
#include "tasks/direct_fixture.hpp"

namespace longhaul::test {
namespace {

using direct_calls = direct_fixture;

// --- ends

TEST_F(direct_calls, a_quick_tool_that_does_not_wait_has_ended_when_it_was_run) {
  std::thread::id ran_on;
  add_quick([&](task_context& task) -> awaitable<std::string> {
    ran_on = std::this_thread::get_id();
    EXPECT_EQ(task.caller().owner, "ann");
    EXPECT_EQ(task.attempt(), 1u);
    EXPECT_FALSE(task.id().empty());
    return greet();
  });
  start();
  const task_ptr done = run("quick");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_EQ(text_of(*done), "hello");
  EXPECT_TRUE(done->ends);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  EXPECT_EQ(caller->ends(), 0) << "it was given the state itself";
  EXPECT_FALSE(tasks::sync(engine->get_any("ann", done->id()))) << "there never was a row";
  expect_nothing_left();
}

TEST_F(direct_calls, other_tools_run_on_their_own_threads) {
  add_never("blocking", [] { return std::string("from the pool"); });
  add_never("coroutine", greet);
  start();
  const task_ptr begun = run("blocking");
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->tool(), "blocking");
  EXPECT_EQ(text_of(*end()), "from the pool");
  caller = std::make_shared<mailbox>();
  ASSERT_TRUE(run("coroutine"));
  EXPECT_EQ(text_of(*end()), "hello");
  expect_nothing_left();
}

TEST_F(direct_calls, exceptions_mean_what_they_mean_for_tasks) {
  add_never("tool", []() -> std::string { throw tool_error("no such file"); });
  add_never("protocol", []() -> std::string { throw protocol_error(42, "broken"); });
  add_never("odd", []() -> std::string { throw 17; });
  add_never("stopped", []() -> std::string { throw task_stopped(); });
  start();
  const auto end_of = [&](std::string_view tool) {
    caller = std::make_shared<mailbox>();
    run(tool);
    return end();
  };
  EXPECT_TRUE(end_of("tool")->result.is_error);
  EXPECT_EQ(error_code_of(*end_of("protocol")), 42);
  EXPECT_EQ(error_code_of(*end_of("odd")), -32603);
  EXPECT_EQ(error_code_of(*end_of("stopped")), -32603);
  expect_nothing_left();
}

TEST_F(direct_calls, a_result_that_is_too_large_is_an_error) {
  options.limits.max_result = 100;
  add_quick([]() -> awaitable<std::string> { co_return std::string(200, 'x'); });
  start();
  EXPECT_EQ(error_code_of(*run("quick")), error_codes::result_too_large);
}

TEST_F(direct_calls, the_log_has_a_begin_and_an_end) {
  std::vector<std::string> lines;
  options.log = logger([&](const log_record& record) { lines.emplace_back(record.event); });
  add_quick(greet);
  start();
  lines.clear();
  run("quick");
  EXPECT_EQ(lines, (std::vector<std::string>{"task.begin", "task.end"}));
}

// --- stopping

TEST_F(direct_calls, P12_cancel_ends_the_call_at_once_and_stops_its_handler) {
  gate& door = new_gate();
  add_never("wait", [&](task_context& task) { door.pass(task.stop_token()); });
  start();
  const task_ptr begun = run("wait");
  door.await_arrivals(1);
  EXPECT_EQ(tasks::sync(engine->cancel("bob", begun->id(), "")).code,
            stores::change_code::not_found);
  EXPECT_EQ(tasks::sync(engine->cancel("ann", begun->id(), "the caller left")).code,
            stores::change_code::applied);
  EXPECT_EQ(end()->status, task_status::cancelled);
  expect_nothing_left();
  EXPECT_EQ(caller->ends(), 1) << "what the handler returned changes nothing";
}

TEST_F(direct_calls, P12_cancel_wakes_a_quick_tool_where_it_waits) {
  add_quick(sleep_a_day);
  start();
  const task_ptr begun = run("quick");
  ASSERT_FALSE(begun->terminal());
  EXPECT_EQ(tasks::sync(engine->get_any("ann", begun->id()))->status, task_status::working);
  tasks::sync(engine->cancel("ann", begun->id(), ""));
  EXPECT_EQ(end()->status, task_status::cancelled);
  EXPECT_EQ(engine->running(), 1u) << "it has not returned";
  context.restart();
  context.run();
  expect_nothing_left();
}

TEST_F(direct_calls, P11_cancel_against_the_end_has_one_winner) {
  add_never("work", [] { return std::string("done"); });
  start();
  for (int i = 0; i < 500 / slowdown; ++i) {
    caller = std::make_shared<mailbox>();
    const task_ptr begun = run("work");
    if (!begun) {  // handlers of cancelled calls hold their slots until they have returned
      ASSERT_TRUE(wait_until([&] { return engine->running() == 0; }));
      continue;
    }
    tasks::sync(engine->cancel("ann", begun->id(), ""));
    const task_ptr last = end();
    ASSERT_EQ(bool(last->result.body), last->status == task_status::completed);
    ASSERT_EQ(caller->ends(), 1);
  }
  expect_nothing_left();
}

TEST_F(direct_calls, P13_limits_hold) {
  gate& door = new_gate();
  tool_options tool;
  tool.attempt_limit = std::chrono::minutes(10);
  add_never("slow", [&](task_context& task) { door.pass(task.stop_token()); }, tool);
  start();
  run("slow");
  door.await_arrivals(1);
  clock.advance(std::chrono::minutes(10) - milliseconds(1));
  engine->tick();
  EXPECT_EQ(caller->ends(), 0);
  EXPECT_EQ(caller->clocks(), 1);
  clock.advance(milliseconds(1));
  engine->tick();
  EXPECT_EQ(error_code_of(*end()), error_codes::time_limit);
  expect_nothing_left();
}

TEST_F(direct_calls, a_drain_gives_running_calls_their_grace_and_then_ends_them) {
  gate& door = new_gate();
  add_never("wait", [&](task_context& task) { door.pass(task.stop_token()); });
  add_quick(greet);
  start();
  run("wait");
  door.await_arrivals(1);
  engine->drain(milliseconds(0), std::chrono::hours(1));
  EXPECT_EQ(error_code_of(*end()), error_codes::executor_lost);
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_FALSE(try_run("quick")) << "nothing new begins";
}

TEST_F(direct_calls, a_drain_waits_for_what_ends_in_time) {
  gate& door = new_gate();
  add_never("wait", [&](task_context&) {
    door.pass();
    return std::string("done");
  });
  start();
  run("wait");
  door.await_arrivals(1);
  std::thread drains([&] { engine->drain(std::chrono::hours(1), std::chrono::hours(1)); });
  while (!engine->draining()) std::this_thread::yield();
  door.open();
  drains.join();
  EXPECT_EQ(text_of(*end()), "done");
}

TEST_F(direct_calls, a_quick_call_whose_executor_is_gone_is_no_longer_there) {
  auto other = std::make_unique<boost::asio::io_context>(1);
  add_quick(sleep_a_day);
  start();
  const task_ptr begun = run_on(*other, call("quick"), caller);
  ASSERT_FALSE(begun->terminal());
  EXPECT_EQ(engine->running(), 1u);
  other.reset();
  EXPECT_EQ(engine->running(), 0u);
}

TEST_F(direct_calls, a_caller_that_is_gone_is_not_told) {
  gate& door = new_gate();
  add_never("work", [&](task_context& task) {
    door.pass();
    task.progress(1);
    task.log(log_level::info, "still here");
  });
  start();
  run("work");
  door.await_arrivals(1);
  caller.reset();
  door.open();
  expect_nothing_left();
}

// --- reports

TEST_F(direct_calls, progress_and_logs_reach_the_caller_at_once_and_its_state_with_the_tick) {
  gate& door = new_gate();
  add_never("work", [&](task_context& task) {
    task.progress(5, 10, "half");
    task.progress(3, 10);  // dropped
    task.log(log_level::info, "a line");
    task.save_checkpoint(std::string("here"));
    EXPECT_EQ(*task.checkpoint<std::string>(), "here");
    door.pass();
  });
  start();
  run("work");
  door.await_arrivals(1);
  EXPECT_EQ(caller->progress(), std::vector<double>{5});
  EXPECT_EQ(caller->logs(), std::vector<std::string>{"a line"});
  engine->tick();
  const auto told =
      caller->await([](const task_record& task) { return task.progress.has_value(); });
  EXPECT_EQ(told->status_message, "half");
}

// --- questions: the call gets its row

TEST_F(direct_calls, a_handler_that_asks_gets_its_row) {
  add_never("paint_directly", [](task_context& task) {
    task.progress(1, 2, "mixing");
    const auto reply = task.ask("color", ask_about("Which color?"));
    task.progress(2, 2);
    return std::string(reply.content.view());
  });
  start();
  const task_ptr begun = run("paint_directly");
  const auto asking = caller->await(
      [](const task_record& task) { return task.status == task_status::input_required; });
  EXPECT_GT(asking->rev, begun->rev);
  EXPECT_TRUE(asking->hidden);
  EXPECT_EQ(answer(asking, "color", accept_blue).code, stores::change_code::applied);
  EXPECT_EQ(text_of(*end()), R"({"color":"blue"})");
  EXPECT_EQ(caller->progress(), (std::vector<double>{1, 2}));
  EXPECT_EQ(caller->ends(), 1);
  expect_nothing_left();
}

TEST_F(direct_calls, the_states_of_a_call_only_grow_when_it_gets_its_row) {
  gate& door = new_gate();
  add_never("paint_directly", [&](task_context& task) {
    task.status("mixing");
    door.pass();
    task.ask("color", ask_about("Which color?"));
  });
  start();
  run("paint_directly");
  door.await_arrivals(1);
  engine->tick();
  const auto before = caller->await([](const task_record& task) { return task.rev > 1; });
  door.open();
  const auto asking = caller->await(
      [](const task_record& task) { return task.status == task_status::input_required; });
  EXPECT_GT(asking->rev, before->rev);
  EXPECT_EQ(asking->status_message, "mixing");
  cancel(asking);
  expect_nothing_left();
}

awaitable<std::string> paint_directly(task_context& task) {
  auto first = co_await task.async_ask("color", ask_about("Which color?"));
  std::vector<std::pair<std::string, elicitation>> more;
  more.emplace_back("a", ask_about("A?"));
  more.emplace_back("b", ask_about("B?"));
  const auto replies = co_await task.async_ask_all(std::move(more));
  co_return std::string(first.content.view()) + std::to_string(replies.size());
}

TEST_F(direct_calls, a_quick_tool_may_ask_as_well) {
  add_quick(paint_directly);
  start();
  const task_ptr begun = run("quick");
  ASSERT_FALSE(begun->terminal());
  std::thread thread([&] {
    auto work = boost::asio::make_work_guard(context);
    context.restart();
    context.run();
  });
  for (const char* key : {"color", "a", "b"}) {
    const auto asking = caller->await([&](const task_record& task) {
      const task_input* input = find_input(task, key);
      return input != nullptr && !input->response;
    });
    answer(asking, key, accept_blue);
  }
  EXPECT_EQ(text_of(*end()), R"({"color":"blue"}2)");
  expect_nothing_left();
  context.stop();
  thread.join();
}

TEST_F(direct_calls, a_call_that_asks_leaves_its_slot_and_takes_it_again) {
  options.max_running = 1;
  add_never("paint_directly",
            [](task_context& task) { task.ask("color", ask_about("Which color?")); });
  add_never("work", [] { return std::string("done"); });
  start();
  run("paint_directly");
  const auto asking = caller->await(
      [](const task_record& task) { return task.status == task_status::input_required; });
  caller = std::make_shared<mailbox>();
  ASSERT_TRUE(run("work")) << "it leaves its slot";
  EXPECT_EQ(text_of(*end()), "done");
  answer(asking, "color", accept_blue);
  expect_nothing_left();
}

TEST_F(direct_calls, the_time_before_the_question_counts_against_the_limit) {
  gate &first = new_gate(), &second = new_gate();
  tool_options tool;
  tool.attempt_limit = std::chrono::minutes(10);
  add_never(
      "paint_directly",
      [&](task_context& task) {
        first.pass();
        task.ask("color", ask_about("Which color?"));
        second.pass(task.stop_token());
      },
      tool);
  start();
  run("paint_directly");
  first.await_arrivals(1);
  clock.advance(std::chrono::minutes(6));
  first.open();
  const auto asking = caller->await(
      [](const task_record& task) { return task.status == task_status::input_required; });
  clock.advance(std::chrono::minutes(6));  // nobody's running time
  answer(asking, "color", accept_blue);
  second.await_arrivals(1);
  clock.advance(std::chrono::minutes(4));
  engine->tick();
  const auto failed = end();
  EXPECT_EQ(error_code_of(*failed), error_codes::time_limit);
  EXPECT_NE(failed->status_message.find("10 min"), std::string::npos) << failed->status_message;
  expect_nothing_left();
}

TEST_F(direct_calls, a_drain_ends_a_call_that_waits_for_an_answer) {
  add_never("paint_directly",
            [](task_context& task) { task.ask("color", ask_about("Which color?")); });
  start();
  run("paint_directly");
  caller->await([](const task_record& task) { return task.status == task_status::input_required; });
  engine->drain(milliseconds(0), std::chrono::hours(1));
  EXPECT_EQ(error_code_of(*end()), error_codes::executor_lost);
  EXPECT_EQ(engine->running(), 0u);
}

// A cancel that came between the question and its row was forgotten.
TEST_F(direct_calls, P11_a_question_questionst_cancel_leaves_nothing) {
  add_never("paint_directly",
            [](task_context& task) { task.ask("color", ask_about("Which color?")); });
  start();
  for (int i = 0; i < 500 / slowdown; ++i) {
    caller = std::make_shared<mailbox>();
    const task_ptr begun = run("paint_directly");
    if (!begun) {
      ASSERT_TRUE(wait_until([&] { return engine->running() == 0; }));
      continue;
    }
    tasks::sync(engine->cancel("ann", begun->id(), ""));
    ASSERT_EQ(end()->status, task_status::cancelled);
  }
  expect_nothing_left();
}

// --- calls that need a row

TEST_F(direct_calls, what_must_be_found_counted_or_kept_needs_a_row) {
  tool_options keeps;
  keeps.plain_retention = std::chrono::minutes(1);
  add_never("work", [] {});
  add_never("keeps", [] {}, keeps);
  add_never("hands_over", [](task_context&) { return external{}; });
  add({.name = "task"}, [] {});
  start();
  auto keyed = call("work");
  keyed.idempotency_key = "a key";
  EXPECT_FALSE(try_run(keyed));
  auto large = call("work");
  large.arguments =
      raw_json::parse(R"({"x":")" + std::string(tasks::tunables::direct_arguments, 'x') + R"("})");
  EXPECT_FALSE(try_run(large));
  EXPECT_FALSE(try_run("keeps"));
  EXPECT_FALSE(try_run("hands_over"));
  EXPECT_FALSE(try_run("task"));
  EXPECT_TRUE(run("work"));
}

TEST_F(direct_calls, P21_bounds_that_are_smaller_than_the_slots_are_counted_by_rows) {
  options.bounds.open_per_quota = 2;
  add_quick(greet);
  start();
  EXPECT_FALSE(try_run("quick"));
}

TEST_F(direct_calls, who_finds_no_slot_waits_in_the_lane) {
  gate& door = new_gate();
  options.max_running = 1;
  add_never("block", [&](task_context&) { door.pass(); });
  add_quick(greet);
  tool_options one;
  one.max_running = 1;
  one.quick = true;
  add_never("one", sleep_a_day, one);
  start();
  ASSERT_TRUE(run("block"));
  door.await_arrivals(1);
  EXPECT_FALSE(try_run("block"));
  EXPECT_FALSE(try_run("one")) << "a quick tool with a limit of its own takes a slot";
  EXPECT_TRUE(run("quick")) << "others need none";
  auto waiting = call("block");
  waiting.id = engine->new_id(*waiting.tool);
  waiting.hidden = true;
  const auto hears = std::make_shared<mailbox>();
  const auto following = engine->follow(waiting.id, hears);
  submit(waiting);
  door.open();
  hears->await([](const task_record& task) { return task.terminal(); });
}

TEST_F(direct_calls, P24_many_calls_at_once_from_many_threads_leave_nothing) {
  options.max_running = 8;
  add_never("work", [] { return std::string("done"); });
  add_quick(greet);
  start();
  std::atomic<int> ran = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      boost::asio::io_context mine(1);
      for (int n = 0; n < 400 / slowdown; ++n) {
        auto work = call(n % 2 == 0 ? "work" : "quick");
        work.id = engine->new_id(*work.tool);
        const auto hears = std::make_shared<mailbox>();
        const task_ptr begun = run_on(mine, work, hears);
        if (!begun) continue;
        if (!begun->terminal()) hears->await([](const task_record& t) { return t.terminal(); });
        ++ran;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GT(ran, 0);
  expect_nothing_left();
}

}  // namespace
}  // namespace longhaul::test
