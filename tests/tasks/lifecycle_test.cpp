// SPDX-License-Identifier: Apache-2.0
// What becomes of a task: every way a handler can end, fencing, cancel, external tasks.
#include <boost/asio/redirect_error.hpp>

#include "longhaul/error_codes.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

using lifecycle = engine_fixture;

TEST_F(lifecycle, blocking_handler_completes) {
  add({.name = "greet"}, [] { return std::string("hello"); });
  start();
  const auto done = await_end(submit(call("greet")));
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_EQ(text_of(*done), "hello");
  EXPECT_EQ(done->epoch, 1u);
  EXPECT_EQ(done->attempt, 1u);
}

boost::asio::awaitable<std::string> coroutine_greet() { co_return "hello from a coroutine"; }

TEST_F(lifecycle, coroutine_handler_completes) {
  add({.name = "greet"}, coroutine_greet);
  start();
  EXPECT_EQ(text_of(*await_end(submit(call("greet")))), "hello from a coroutine");
}

TEST_F(lifecycle, what_was_acknowledged_can_be_read_at_once) {
  gate& door = new_gate();
  add({.name = "wait"}, [&](task_context&) { door.pass(); });
  start();
  const auto task = submit(call("wait"));
  const auto now = get(task);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->status, task_status::working);
}

TEST_F(lifecycle, tool_error_is_a_completed_task_with_is_error) {
  add({.name = "fail"}, []() -> std::string { throw tool_error("no such file"); });
  start();
  const auto done = await_end(submit(call("fail")));
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_TRUE(done->result.is_error);
  EXPECT_EQ(text_of(*done), "no such file");
}

TEST_F(lifecycle, protocol_error_is_a_failed_task_with_that_code) {
  add({.name = "fail"}, []() -> std::string { throw protocol_error(42, "broken"); });
  start();
  const auto done = await_end(submit(call("fail")));
  EXPECT_EQ(done->status, task_status::failed);
  EXPECT_EQ(error_code_of(*done), 42);
  EXPECT_EQ(done->status_message, "broken");
}

// A handler that throws something, even no exception at all, once left its task working for ever.
TEST_F(lifecycle, throwing_handler_leaves_a_terminal_task) {
  add({.name = "std"}, []() -> std::string { throw std::runtime_error("oh"); });
  add({.name = "odd"}, []() -> std::string { throw 17; });
  add({.name = "stopped"}, []() -> std::string { throw task_stopped(); });
  start();
  for (const char* tool : {"std", "odd", "stopped"}) {
    const auto done = await_end(submit(call(tool)));
    EXPECT_EQ(done->status, task_status::failed) << tool;
    EXPECT_EQ(error_code_of(*done), -32603) << tool;
  }
}

TEST_F(lifecycle, P12_cancel_reaches_a_blocking_handler) {
  gate& door = new_gate();
  add({.name = "wait"}, [&](task_context& task) {
    door.pass(task.stop_token());
    return std::string(task.cancelled() ? "stopped" : "not stopped");
  });
  start();
  const auto task = submit(call("wait"));
  door.await_arrivals(1);
  EXPECT_EQ(cancel(task).code, stores::change_code::applied);
  EXPECT_EQ(get(task)->status, task_status::cancelled);
  // The handler returns although nobody opened the door, and what it returns changes nothing.
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_EQ(get(task)->status, task_status::cancelled);
}

boost::asio::awaitable<std::string> sleep_until_stopped(task_context& task) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                  std::chrono::steady_clock::time_point::max());
  const std::stop_callback wake(task.stop_token(), [&] { timer.cancel(); });
  boost::system::error_code ignored;
  auto waiting = timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  co_await std::move(waiting);
  task.throw_if_cancelled();
  co_return "not stopped";
}

TEST_F(lifecycle, P12_cancel_reaches_a_coroutine_handler_on_its_own_threads) {
  options.handler_threads = 1;  // the callback above may then touch the timer
  add({.name = "wait"}, sleep_until_stopped);
  start();
  const auto task = submit(call("wait"));
  cancel(task);
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u);
}

// A cancel that marks the record and frees the slot while the handler still works lets more
// handlers run than there are slots.
TEST_F(lifecycle, a_slot_counts_until_the_handler_really_returned) {
  gate& door = new_gate();
  options.max_running = 1;
  add({.name = "stubborn"}, [&](task_context&) { door.pass(); });
  start();
  const auto first = submit(call("stubborn"));
  door.await_arrivals(1);
  cancel(first);
  const auto second = submit(call("stubborn"));
  EXPECT_EQ(get(second)->epoch, 0u) << "it must wait: the first handler has not returned";
  door.open();
  EXPECT_EQ(await_end(second)->status, task_status::completed);
}

TEST_F(lifecycle, cancel_of_a_task_that_never_started) {
  gate& door = new_gate();
  options.max_running = 1;
  add({.name = "wait"}, [&](task_context&) { door.pass(); });
  start();
  submit(call("wait"));
  door.await_arrivals(1);
  const auto queued = submit(call("wait"));
  EXPECT_EQ(cancel(queued).code, stores::change_code::applied);
  door.open();
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(door.arrivals(), 1) << "a cancelled task must not start";
}

TEST_F(lifecycle, external_task_is_finished_by_id_and_token) {
  add({.name = "hand_over", .external = true}, [](task_context& task) {
    EXPECT_FALSE(task.completion_token().empty());
    return external{};
  });
  start();
  const auto task = submit(call("hand_over"));
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(get(task)->status, task_status::working) << "its handler returned, the work goes on";
  const outcome result = outcome::result(raw_json::trusted(R"({"content":[]})"));
  const auto wrong = tasks::sync(engine->finish(task->id(), {0, "guess"}, result, ""));
  EXPECT_EQ(wrong.code, stores::change_code::superseded);
  const auto right = tasks::sync(engine->finish(task->id(), {0, task->origin->token}, result, ""));
  EXPECT_EQ(right.code, stores::change_code::applied);
  EXPECT_EQ(get(task)->status, task_status::completed);
}

TEST_F(lifecycle, P13_attempt_limit_holds_whatever_the_wall_clock_does) {
  gate& door = new_gate();
  add({.name = "slow", .attempt_limit = std::chrono::minutes(10)},
      [&](task_context& task) { door.pass(task.stop_token()); });
  start();
  const auto task = submit(call("slow"));
  door.await_arrivals(1);
  clock.skew_wall(std::chrono::hours(1));
  engine->tick();
  EXPECT_EQ(get(task)->status, task_status::working);
  clock.skew_wall(std::chrono::hours(-2));
  clock.advance(std::chrono::minutes(10) - milliseconds(1));
  engine->tick();
  EXPECT_EQ(get(task)->status, task_status::working);
  clock.advance(milliseconds(1));
  engine->tick();
  const auto failed = get(task);
  EXPECT_EQ(failed->status, task_status::failed);
  EXPECT_EQ(error_code_of(*failed), error_codes::time_limit);
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u) << "the handler was stopped";
}

TEST_F(lifecycle, drain_fails_what_may_not_run_again_and_hands_back_what_may) {
  gate& door = new_gate();
  const auto work = [&](task_context& task) { door.pass(task.stop_token()); };
  add({.name = "once"}, work);
  add({.name = "again", .on_crash = on_crash::rerun}, work);
  start();
  const auto once = submit(call("once")), again = submit(call("again"));
  door.await_arrivals(2);
  engine->drain(milliseconds(0), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_EQ(get(once)->status, task_status::failed);
  EXPECT_EQ(error_code_of(*get(once)), error_codes::executor_lost);
  EXPECT_EQ(get(again)->status, task_status::working);
  EXPECT_FALSE(get(again)->process.has_value());
}

TEST_F(lifecycle, a_never_tool_leaves_nothing_in_the_store) {
  add({.name = "quick", .policy = task_policy::never}, [] { return std::string("done"); });
  start();
  auto what = call("quick");
  what.hidden = true;
  what.id = engine->new_id(*tools->find("quick"));
  const auto waiter = std::make_shared<state_waiter>();
  const auto following = engine->follow(what.id, waiter);
  submit(what);
  const auto done = waiter->await([](const task_record& t) { return t.terminal(); });
  EXPECT_EQ(text_of(*done), "done");
  EXPECT_EQ(tasks::sync(engine->store().stats()).completed, 0u);
  EXPECT_FALSE(get(done)) << "nobody sees it by id";
}

}  // namespace
}  // namespace longhaul::test
