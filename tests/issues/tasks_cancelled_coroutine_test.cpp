// SPDX-License-Identifier: Apache-2.0
// A coroutine handler that slept on a timer was not woken when its task was cancelled: the timer
// ran to its end, and the slot was held all the while. The documentation's own sample had this
// shape. A stop now cancels whatever the handler awaits, and `sleep_for` ends at once. All waits
// here are for hours: a handler that is not woken lets the test hang, for the watchdog.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support/process_census.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;
using cancelled_coroutines = engine_fixture;

// What the test sees of a handler: that it waits, and what it ended with.
struct seen {
  gate waiting, ended;
  std::string how;

  void begin() {
    waiting.open();
    waiting.pass();
  }
  void end(std::string what) {
    how = std::move(what);
    ended.open();
    ended.pass();
  }
};

awaitable<void> sleep_long() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 24h);
  auto waiting = timer.async_wait(asio::use_awaitable);
  co_await std::move(waiting);
}

awaitable<void> sleep_and_tell(seen& see) {
  try {
    see.begin();
    auto sleeping = sleep_long();
    co_await std::move(sleeping);
    see.end("woke by itself");
  } catch (const boost::system::system_error& e) {
    see.end(e.code() == asio::error::operation_aborted ? "aborted" : e.what());
    throw;
  }
}

class one_slot : public cancelled_coroutines {
 protected:
  // Starts `work` in the only slot there is.
  template <class Work>
  task_ptr start_one(Work work, tool_options tool = {}) {
    options.max_running = 1;
    tool.name = "work";
    add(std::move(tool), work);
    add({.name = "next"}, [] { return "next"; });
    start();
    task_ptr task = submit(call("work"));
    see.waiting.await_arrivals(1);
    return task;
  }
  // The handler has ended, and its slot is free again.
  void expect_over(const std::string& how) {
    see.ended.await_arrivals(1);
    EXPECT_EQ(see.how, how);
    EXPECT_EQ(text_of(*await_end(submit(call("next")))), "next");
  }

  seen see;
};

TEST_F(one_slot, a_cancel_wakes_a_coroutine_from_its_timer) {
  const auto task = start_one([this](task_context&) { return sleep_and_tell(see); });
  EXPECT_EQ(cancel(task).code, stores::change_code::applied);
  expect_over("aborted");
  EXPECT_EQ(get(task)->status, task_status::cancelled);
}

TEST_F(one_slot, a_limit_wakes_it_too) {
  const auto task = start_one([this](task_context&) { return sleep_and_tell(see); },
                              {.attempt_limit = std::chrono::minutes(1)});
  clock.advance(2min);
  engine->tick();
  expect_over("aborted");
  EXPECT_EQ(get(task)->status, task_status::failed);
}

TEST_F(one_slot, so_does_the_end_of_a_drain) {
  const auto task = start_one([this](task_context&) { return sleep_and_tell(see); });
  engine->drain(0ms, 24h);
  EXPECT_EQ(see.how, "aborted");
  EXPECT_EQ(get(task)->status, task_status::failed);
  EXPECT_EQ(engine->running(), 0u);
}

// What was cancelled is no error, and nobody's to look into.
TEST_F(one_slot, a_cancel_is_not_logged_as_a_failure) {
  std::mutex mutex;
  std::string loud;
  options.log = logger([&](const log_record& what) {
    if (what.level <= log_level::info) return;
    const std::lock_guard lock(mutex);
    loud.append(what.event).append(": ").append(what.text).append("\n");
  });
  const auto task = start_one([this](task_context&) { return sleep_and_tell(see); });
  cancel(task);
  expect_over("aborted");
  engine->stop();
  EXPECT_EQ(loud, "");
  EXPECT_EQ(get(task)->status, task_status::cancelled);
}

awaitable<std::string> sleep_ten_hours(seen& see, task_context& task) {
  try {
    see.begin();
    auto sleeping = task.async_sleep_for(10h);
    co_await std::move(sleeping);
  } catch (const task_stopped&) {
    see.end("stopped");
    throw;
  }
  co_return "slept";
}

TEST_F(one_slot, async_sleep_for_ends_with_the_task) {
  const auto task =
      start_one([this](task_context& context) { return sleep_ten_hours(see, context); });
  cancel(task);
  expect_over("stopped");
}

TEST_F(one_slot, sleep_for_of_a_blocking_handler_too) {
  const auto task = start_one([this](task_context& context) {
    see.begin();
    try {
      context.sleep_for(10h);
    } catch (const task_stopped&) {
      see.end("stopped");
      throw;
    }
  });
  cancel(task);
  expect_over("stopped");
}

awaitable<std::string> sleep_shortly(task_context& task) {
  auto short_one = task.async_sleep_for(100us);
  co_await std::move(short_one);
  auto none = task.async_sleep_for(-1h);
  co_await std::move(none);
  co_return "slept";
}

TEST_F(cancelled_coroutines, sleeping_ends_when_its_time_is_over) {
  add({.name = "blocking"}, [](task_context& task) {
    task.sleep_for(100us);
    task.sleep_for(-1h);
    return "slept";
  });
  add({.name = "coroutine"}, sleep_shortly);
  start();
  EXPECT_EQ(text_of(*await_end(submit(call("blocking")))), "slept");
  EXPECT_EQ(text_of(*await_end(submit(call("coroutine")))), "slept");
}

constexpr auto for_ever = std::chrono::hours::max();

awaitable<std::string> shorter_sleep(task_context& task) {
  using namespace asio::experimental::awaitable_operators;
  auto either = task.async_sleep_for(for_ever) || task.async_sleep_for(5ms);
  const auto which = co_await std::move(either);
  co_return which.index() == 1 ? "5 ms" : "for ever";
}

// So many hours are more milliseconds than a number of 64 bits can say: it was a time of the past.
TEST_F(cancelled_coroutines, sleeping_for_ever_lasts_until_the_task_is_cancelled) {
  seen see;
  add({.name = "blocking"}, [&](task_context& task) {
    see.begin();
    try {
      task.sleep_for(for_ever);
      see.end("returned");
    } catch (const task_stopped&) {
      see.end("stopped");
      throw;
    }
  });
  add({.name = "coroutine"}, [](task_context& task) { return task.async_sleep_for(for_ever); });
  add({.name = "shorter"}, shorter_sleep);
  start();
  const auto blocking = submit(call("blocking")), coroutine = submit(call("coroutine"));
  see.waiting.await_arrivals(1);
  EXPECT_EQ(text_of(*await_end(submit(call("shorter")))), "5 ms");
  EXPECT_EQ(see.ended.arrivals(), 0);
  EXPECT_EQ(cancel(blocking).code, stores::change_code::applied);
  EXPECT_EQ(cancel(coroutine).code, stores::change_code::applied);
  see.ended.await_arrivals(1);
  EXPECT_EQ(see.how, "stopped");
  engine->drain(24h, 24h);
  EXPECT_EQ(engine->running(), 0u);
}

TEST_F(one_slot, a_stop_wakes_a_handler_that_waits_for_an_answer) {
  options.max_running = 1;
  const auto ask = [this](task_context& task) -> awaitable<void> {
    auto question = elicitation::form(
        "?", raw_json::trusted(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
    try {
      auto asking = task.async_ask("key", std::move(question));
      static_cast<void>(co_await std::move(asking));
    } catch (const task_stopped&) {
      see.end("stopped");
      throw;
    }
  };
  add({.name = "work"}, ask);
  add({.name = "next"}, [] { return "next"; });
  start();
  const auto task = await_status(submit(call("work")), task_status::input_required);
  cancel(task);
  expect_over("stopped");
  EXPECT_EQ(engine->followers(), 0u);
}

awaitable<std::string> swallow(seen& see) {
  see.begin();
  try {
    auto sleeping = sleep_long();
    co_await std::move(sleeping);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
  }
  see.end("swallowed");
  co_return "as if nothing had been";
}

TEST_F(one_slot, who_swallows_the_abort_is_cancelled_all_the_same) {
  const auto task = start_one([this](task_context&) { return swallow(see); });
  cancel(task);
  expect_over("swallowed");
  EXPECT_EQ(get(task)->status, task_status::cancelled);
}

// Ignores every error code; the next co_await throws.
awaitable<void> ignore_errors(seen& see) {
  try {
    see.begin();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (true) {
      boost::system::error_code ignored;
      timer.expires_after(24h);
      auto waiting = timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      co_await std::move(waiting);
    }
  } catch (const boost::system::system_error&) {
    see.end("aborted");
    throw;
  }
}

TEST_F(one_slot, a_loop_that_ignores_errors_ends) {
  const auto task = start_one([this](task_context&) { return ignore_errors(see); });
  cancel(task);
  expect_over("aborted");
}

awaitable<void> clean_up(seen& see, task_context& task) {
  bool aborted = false;
  try {
    see.begin();
    auto sleeping = sleep_long();
    co_await std::move(sleeping);
  } catch (const boost::system::system_error&) {
    aborted = true;
  }
  co_await asio::this_coro::reset_cancellation_state();
  asio::steady_timer timer(co_await asio::this_coro::executor, 0s);
  auto waiting = timer.async_wait(asio::use_awaitable);
  co_await std::move(waiting);
  see.end(aborted && task.cancelled() ? "cleaned up" : "not cancelled");
}

TEST_F(one_slot, clean_up_may_await_after_a_reset) {
  const auto task = start_one([this](task_context& context) { return clean_up(see, context); });
  cancel(task);
  expect_over("cleaned up");
}

awaitable<void> both(seen& see) {
  using namespace asio::experimental::awaitable_operators;
  auto together = sleep_and_tell(see) && sleep_long();
  co_await std::move(together);
}

awaitable<void> child_of(seen& see) {
  auto executor = co_await asio::this_coro::executor;
  auto child = asio::co_spawn(executor, sleep_and_tell(see), asio::use_awaitable);
  co_await std::move(child);
}

TEST_F(one_slot, groups_that_run_together_are_woken) {
  const auto task = start_one([this](task_context&) { return both(see); });
  cancel(task);
  expect_over("aborted");
}

TEST_F(one_slot, children_that_are_awaited_are_woken) {
  const auto task = start_one([this](task_context&) { return child_of(see); });
  cancel(task);
  expect_over("aborted");
}

awaitable<std::string> first_of_two(task_context& task) {
  using namespace asio::experimental::awaitable_operators;
  auto question = elicitation::form(
      "?", raw_json::trusted(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
  auto either = task.async_ask("key", std::move(question)) || task.async_sleep_for(0s);
  const auto which = co_await std::move(either);
  auto little = task.async_sleep_for(0s);
  co_await std::move(little);
  co_return which.index() == 1 ? "no answer in time" : "answered";
}

TEST_F(cancelled_coroutines, a_question_can_be_given_up_without_a_stop) {
  add({.name = "work"}, first_of_two);
  start();
  EXPECT_EQ(text_of(*await_end(submit(call("work")))), "no answer in time");
  EXPECT_EQ(engine->followers(), 0u);
}

awaitable<std::string> hold_after_giving_up(task_context& task, gate& holds) {
  using namespace asio::experimental::awaitable_operators;
  auto question = elicitation::form(
      "?", raw_json::trusted(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
  auto either = task.async_ask("key", std::move(question)) || task.async_sleep_for(0s);
  static_cast<void>(co_await std::move(either));
  holds.pass();
  co_return "gave up";
}

// It went on without the slot that it had left to wait: two ran where one may.
TEST_F(cancelled_coroutines, who_gives_a_question_up_takes_its_slot_again) {
  options.max_running = 1;
  gate& holds = new_gate();
  std::atomic<bool> opened = false;
  add({.name = "work"}, [&](task_context& task) { return hold_after_giving_up(task, holds); });
  add({.name = "next"}, [&] { return opened ? "after it" : "beside it"; });
  start();
  const auto task = submit(call("work"));
  holds.await_arrivals(1);
  const auto next = submit(call("next"));
  EXPECT_FALSE(next->process) << "a free slot would have been taken at once";
  opened = true;
  holds.open();
  EXPECT_EQ(text_of(*await_end(task)), "gave up");
  EXPECT_EQ(text_of(*await_end(next)), "after it");
}

awaitable<void> ask_and_go_on(task_context& task, std::string& how) {
  auto question = elicitation::form(
      "?", raw_json::trusted(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
  try {
    auto asking = task.async_ask("key", std::move(question));
    static_cast<void>(co_await std::move(asking));
  } catch (const boost::system::system_error&) {
    how = "given up";
  }
  auto sleeping = sleep_long();
  co_await std::move(sleeping);
  how = "slept on";
}

awaitable<std::string> give_up_a_child(task_context& task) {
  using namespace asio::experimental::awaitable_operators;
  std::string how;
  auto either = ask_and_go_on(task, how) || task.async_sleep_for(0s);
  static_cast<void>(co_await std::move(either));
  co_return how;
}

// What was given up stays cancelled: who swallows that is told once more at the next `co_await`.
TEST_F(cancelled_coroutines, what_asked_and_was_given_up_does_not_go_on) {
  options.max_running = 1;
  add({.name = "work"}, give_up_a_child);
  start();
  EXPECT_EQ(text_of(*await_end(submit(call("work")))), "given up");
}

elicitation some_question() {
  return elicitation::form(
      "?", raw_json::trusted(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
}

awaitable<std::string> ask_two(task_context& task, bool both) {
  using namespace asio::experimental::awaitable_operators;
  if (both) {
    auto all = task.async_ask("a", some_question()) && task.async_ask("b", some_question());
    static_cast<void>(co_await std::move(all));
    co_return "both";
  }
  auto either = task.async_ask("a", some_question()) || task.async_ask("b", some_question());
  const auto which = co_await std::move(either);
  co_return which.index() == 0 ? "a" : "b";
}

// Questions side by side are of one handler, which has one slot, however many are answered.
TEST_F(cancelled_coroutines, questions_side_by_side_take_one_slot) {
  options.max_running = 1;
  add({.name = "either"}, [](task_context& task) { return ask_two(task, false); });
  add({.name = "both"}, [](task_context& task) { return ask_two(task, true); });
  add({.name = "next"}, [] { return "next"; });
  start();
  const auto asked = [](const task_record& t) { return t.inputs && t.inputs->size() == 2; };
  const auto either = await(submit(call("either")), asked);
  answer(either, "b", R"({"action":"decline"})");
  EXPECT_EQ(text_of(*await_end(either)), "b");
  const auto both = await(submit(call("both")), asked);
  answer(both, "b", R"({"action":"decline"})");
  answer(both, "a", R"({"action":"decline"})");
  EXPECT_EQ(text_of(*await_end(both)), "both");
  EXPECT_EQ(text_of(*await_end(submit(call("next")))), "next");
}

// Both were answered while another task had the slot: it came back once, and one of them waited on.
TEST_F(cancelled_coroutines, questions_side_by_side_wait_for_one_slot_together) {
  options.max_running = 1;
  gate& door = new_gate();
  add({.name = "both"}, [](task_context& task) { return ask_two(task, true); });
  add({.name = "other"}, [&](task_context&) {
    door.pass();
    return "other";
  });
  start();
  const auto both = await(submit(call("both")),
                          [](const task_record& t) { return t.inputs && t.inputs->size() == 2; });
  const auto other =
      await(submit(call("other")), [](const task_record& t) { return t.process.has_value(); });
  answer(both, "b", R"({"action":"decline"})");
  answer(both, "a", R"({"action":"decline"})");
  await(both, [](const task_record& t) { return t.status == task_status::working; });
  door.open();
  EXPECT_EQ(text_of(*await_end(other)), "other");
  EXPECT_EQ(text_of(*await_end(both)), "both");
}

awaitable<void> until(const std::atomic<bool>& told, task_context& task) {
  while (!told) {
    auto little = task.async_sleep_for(1ms);
    co_await std::move(little);
  }
}

awaitable<std::string> give_up_when_told(task_context& task, const std::atomic<bool>& told,
                                         const std::atomic<bool>& slot_is_free) {
  using namespace asio::experimental::awaitable_operators;
  auto question = elicitation::form(
      "?", raw_json::trusted(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
  auto either = task.async_ask("key", std::move(question)) || until(told, task);
  static_cast<void>(co_await std::move(either));
  co_return slot_is_free ? "after it" : "beside it";
}

TEST_F(cancelled_coroutines, who_gives_a_question_up_waits_for_a_slot) {
  options.max_running = 1;
  gate& door = new_gate();
  std::atomic<bool> told = false, over = false;
  add({.name = "work"}, [&](task_context& task) { return give_up_when_told(task, told, over); });
  add({.name = "other"}, [&](task_context&) {
    door.pass();
    over = true;
  });
  start();
  const auto task = await_status(submit(call("work")), task_status::input_required);
  const auto other = submit(call("other"));
  door.await_arrivals(1);
  told = true;
  EXPECT_TRUE(wait_until([&] { return engine->followers() == 0; }));
  door.open();
  EXPECT_EQ(await_end(other)->status, task_status::completed);
  EXPECT_EQ(text_of(*await_end(task)), "after it");
}

awaitable<void> abort_unasked() {
  throw boost::system::system_error(asio::error::operation_aborted);
  co_return;
}

TEST_F(cancelled_coroutines, an_abort_without_a_stop_is_a_failure_like_any_other) {
  add({.name = "work"}, abort_unasked);
  start();
  EXPECT_EQ(await_end(submit(call("work")))->status, task_status::failed);
}

awaitable<void> leave_a_child() {
  auto executor = co_await asio::this_coro::executor;
  asio::co_spawn(executor, sleep_long(), asio::detached);
}

// What a handler leaves behind kept the engine from ending.
TEST_F(cancelled_coroutines, detached_children_do_not_outlive_the_engine) {
  add({.name = "work"}, [](task_context&) { return leave_a_child(); });
  start();
  await_end(submit(call("work")));
  engine->stop();
}

TEST_F(cancelled_coroutines, many_are_cancelled_at_once) {
  options.max_running = 64;
  add({.name = "work"}, [](task_context&) { return sleep_long(); });
  start();
  std::vector<task_ptr> tasks;
  for (int i = 0; i < 200; ++i) tasks.push_back(submit(call("work", std::to_string(i % 7))));
  for (const auto& task : tasks) cancel(task);
  for (const auto& task : tasks) EXPECT_EQ(await_end(task)->status, task_status::cancelled);
  engine->drain(24h, 24h);
  EXPECT_EQ(engine->running(), 0u);
}

awaitable<void> throw_a_number() {
  throw 42;  // NOLINT(hicpp-exception-baseclass)
  co_return;
}

// What is no std::exception ends a task like one, and a stop callback has nobody to throw to.
TEST_F(cancelled_coroutines, anything_can_be_thrown) {
  add({.name = "blocking"}, [] { throw 42; });  // NOLINT(hicpp-exception-baseclass)
  add({.name = "coroutine"}, throw_a_number);
  gate& waits = new_gate();
  add({.name = "callback"}, [&](task_context& task) {
    const auto on_stop = task.on_cancel([] { throw 42; });  // NOLINT(hicpp-exception-baseclass)
    waits.pass(task.stop_token());
  });
  start();
  EXPECT_EQ(await_end(submit(call("blocking")))->status, task_status::failed);
  EXPECT_EQ(await_end(submit(call("coroutine")))->status, task_status::failed);
  const auto task = submit(call("callback"));
  waits.await_arrivals(1);
  cancel(task);
  engine->drain(24h, 24h);
  EXPECT_EQ(engine->running(), 0u);
}

}  // namespace
}  // namespace longhaul::test
