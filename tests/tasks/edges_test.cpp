// SPDX-License-Identifier: Apache-2.0
// Rare moments of the engine: what holds a slot, what is claimed while the engine stops, coroutine
// handlers on several threads, a store that is down beside the one in memory; and nothing is left.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <cmath>
#include <limits>
#include <new>
#include <set>
#include <thread>

#include "support/fault_store.hpp"
#include "support/seed.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

using edges = engine_fixture;

elicitation ask_color(const std::string& what) {
  return elicitation::form(
      what, raw_json::trusted(R"({"type":"object","properties":{"color":{"type":"string"}}})"));
}

/// Does something once, inside the notification of the first state that fits.
class interferer : public tasks::follower {
 public:
  interferer(std::function<bool(const task_record&)> when, std::function<void()> what)
      : when_(std::move(when)), what_(std::move(what)) {}
  void on_task(const task_ptr& task) override {
    if (!when_(*task) || done_.exchange(true)) return;
    what_();
    finished_.count_down();
  }
  void await() { finished_.wait(); }

 private:
  std::function<bool(const task_record&)> when_;
  std::function<void()> what_;
  std::atomic<bool> done_{false};
  std::latch finished_{1};
};

bool was_claimed(const task_record& task) { return task.process.has_value(); }

// A slot was taken for the handler that hands over, and never given back.
TEST_F(edges, a_tool_that_hands_its_work_over_keeps_no_slot) {
  options.max_running = 1;
  add({.name = "hand_over", .external = true}, [](task_context&) { return external{}; });
  add({.name = "work"}, [] {});
  start();
  for (int i = 0; i < 3; ++i) {
    submit(call("hand_over"));
    EXPECT_EQ(await_end(submit(call("work")))->status, task_status::completed);
  }
}

// Its last slot came back while the engine asked the store what else could run: nobody looked again
// until the next tick.
TEST_F(edges, what_waits_for_its_tool_starts_although_the_slot_came_back_during_a_claim) {
  gate& door = new_gate();
  beneath = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  const auto around = std::make_shared<fault_store>(*beneath, 1, fault_rates{});
  options.store = around;
  add({.name = "rare", .max_running = 1}, [&](task_context&) { door.pass(); });
  start();
  submit(call("rare"));
  door.await_arrivals(1);
  around->interfere_at("claim.after", [&] {
    door.open();
    while (engine->running() != 0) std::this_thread::yield();
  });
  EXPECT_EQ(await_end(submit(call("rare")))->status, task_status::completed);
}

// What all other tasks had reported since the last tick was lost with the one that failed.
TEST_F(edges, a_report_that_fails_for_any_reason_is_written_later_and_the_others_now) {
  gate& door = new_gate();
  beneath = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  const auto around = std::make_shared<fault_store>(*beneath, 1, fault_rates{});
  options.store = around;
  add({.name = "work"}, [&](task_context& task) {
    task.progress(1, 2);
    door.pass();
  });
  start();
  const std::vector<task_ptr> all = {submit(call("work")), submit(call("work"))};
  door.await_arrivals(2);
  around->interfere_at("report.before", [] { throw std::bad_alloc(); });
  engine->tick();
  const auto written = [&] {
    return std::count_if(all.begin(), all.end(),
                         [&](const task_ptr& task) { return get(task)->progress.has_value(); });
  };
  EXPECT_EQ(written(), 1);
  clock.advance(std::chrono::seconds(10));
  engine->tick();
  EXPECT_EQ(written(), 2);
}

// A task claimed in the moment the engine drains ran on, unknown to the drain.
TEST_F(edges, P17_what_is_claimed_while_the_drain_begins_is_handed_back) {
  gate& door = new_gate();
  std::atomic<bool> ran = false;
  options.max_running = 1;
  add({.name = "block"}, [&](task_context&) { door.pass(); });
  add({.name = "work"}, [&](task_context&) { ran = true; });
  start();
  submit(call("block"));
  door.await_arrivals(1);
  const auto waiting = submit(call("work"));
  const auto drains = std::make_shared<interferer>(
      was_claimed, [&] { engine->drain(milliseconds(0), milliseconds(0)); });
  const auto following = engine->follow(waiting->id(), drains);
  door.open();
  drains->await();
  engine->stop();
  EXPECT_FALSE(ran);
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_EQ(get(waiting)->status, task_status::working);
  EXPECT_FALSE(get(waiting)->process.has_value()) << "it never started: it may run elsewhere";
}

TEST_F(edges, P17_what_is_created_while_the_drain_begins_is_handed_back) {
  std::atomic<bool> ran = false;
  add({.name = "work"}, [&](task_context&) { ran = true; });
  start();
  auto what = call("work");
  what.id = engine->new_id(*tools->find("work"));
  const auto drains = std::make_shared<interferer>(
      was_claimed, [&] { engine->drain(milliseconds(0), milliseconds(0)); });
  const auto following = engine->follow(what.id, drains);
  const auto task = submit(what);
  drains->await();
  engine->stop();
  EXPECT_FALSE(ran);
  EXPECT_FALSE(get(task)->process.has_value());
}

// Work that waits for a slot in memory only cannot run elsewhere: handing it back would leave its
// caller waiting for ever.
TEST_F(edges, drain_ends_plain_calls_of_never_tools_even_if_they_may_run_again) {
  gate& door = new_gate();
  add({.name = "quick", .policy = task_policy::never, .on_crash = on_crash::rerun},
      [&](task_context& task) { door.pass(task.stop_token()); });
  start();
  auto what = call("quick");
  what.hidden = true;
  what.id = engine->new_id(*tools->find("quick"));
  const auto waiter = std::make_shared<state_waiter>();
  const auto following = engine->follow(what.id, waiter);
  submit(what);
  door.await_arrivals(1);
  engine->drain(milliseconds(0), std::chrono::hours(1));
  const auto last = waiter->await([](const task_record& t) { return t.terminal() || !t.process; });
  EXPECT_EQ(last->status, task_status::failed);
}

boost::asio::awaitable<std::string> paint_four_times(task_context& task) {
  for (int i = 0; i < 4; ++i) {
    auto question = ask_color("Which color?");
    auto asking = task.async_ask("color-" + std::to_string(i), std::move(question));
    co_await std::move(asking);
  }
  co_return "done";
}

// The timer of a coroutine that waits was touched by two handler threads; a wake-up could get lost.
TEST_F(edges, coroutine_handlers_on_many_threads_hear_every_answer) {
  options.handler_threads = 4;
  add({.name = "paint_four_times"}, paint_four_times);
  start();
  for (int round = 0; round < 200 / slowdown; ++round) {
    std::vector<task_ptr> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(submit(call("paint_four_times")));
    for (int i = 0; i < 4; ++i) {
      const std::string key = "color-" + std::to_string(i);
      for (const auto& task : tasks) {
        await(task, [&](const task_record& t) { return find_input(t, key) != nullptr; });
        answer(task, key, R"({"action":"decline"})");
      }
    }
    for (const auto& task : tasks) ASSERT_EQ(text_of(*await_end(task)), "done");
  }
}

boost::asio::awaitable<std::string> wait_for_stop(task_context& task) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                  std::chrono::steady_clock::time_point::max());
  const std::stop_callback wake(task.stop_token(), [&] { timer.cancel(); });
  boost::system::error_code ignored;
  auto waiting = timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  if (!task.cancelled()) co_await std::move(waiting);
  task.throw_if_cancelled();
  co_return "not stopped";
}

TEST_F(edges, P12_stop_comes_on_the_executor_of_the_coroutine) {
  options.handler_threads = 4;
  add({.name = "wait"}, wait_for_stop);
  start();
  for (int i = 0; i < 500 / slowdown; ++i) cancel(submit(call("wait")));
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u);
}

// An infinite report once hid every later one, and went to the wire as it was.
TEST_F(edges, progress_that_is_no_number_is_dropped) {
  gate& door = new_gate();
  class listener : public tasks::follower {
   public:
    void on_task(const task_ptr&) override {}
    void on_progress(const std::string&, const tasks::progress_event& event) override {
      const std::lock_guard lock(mutex);
      events.push_back(event);
    }
    std::mutex mutex;
    std::vector<tasks::progress_event> events;
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  add({.name = "work"}, [&](task_context& task) {
    task.progress(infinity, 10, "all");
    task.progress(nan, 10, "odd");
    task.progress(-1, 10);
    task.progress(4, nan);
    task.progress(5, infinity);
    door.pass();
  });
  start();
  auto what = call("work");
  what.id = engine->new_id(*tools->find("work"));
  const auto hears = std::make_shared<listener>();
  const auto following = engine->follow(what.id, hears);
  const auto task = submit(what);
  door.await_arrivals(1);
  engine->tick();
  ASSERT_TRUE(get(task)->progress);
  EXPECT_EQ(get(task)->progress->done, 5);
  const std::lock_guard lock(hears->mutex);
  ASSERT_EQ(hears->events.size(), 2u);
  for (const auto& event : hears->events) EXPECT_FALSE(event.state.total);
}

// Plain calls of `never` tools need no store, so they go on when it is down.
TEST_F(edges, a_store_that_is_down_does_not_stop_never_tools) {
  const auto memory = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  const auto faulty = std::make_shared<fault_store>(*memory, 1, fault_rates{});
  beneath = memory;
  options.store = faulty;
  options.max_running = 1;
  gate& door = new_gate();
  add({.name = "block", .policy = task_policy::never}, [&](task_context&) { door.pass(); });
  add({.name = "quick", .policy = task_policy::never}, [] { return std::string("done"); });
  start();
  auto first = call("block"), second = call("quick");
  first.hidden = second.hidden = true;
  submit(first);
  door.await_arrivals(1);
  second.id = engine->new_id(*tools->find("quick"));
  const auto waiter = std::make_shared<state_waiter>();
  const auto following = engine->follow(second.id, waiter);
  submit(second);
  faulty->crash_at("renew.before");
  clock.advance(std::chrono::minutes(1));
  engine->tick();  // no lease any more, and claims fail
  door.open();
  const auto done = waiter->await([](const task_record& t) { return t.terminal(); });
  EXPECT_EQ(text_of(*done), "done");
  faulty->restart();
}

TEST_F(edges, every_retention_is_kept_within_the_maximum) {
  gate& door = new_gate();
  options.max_retention = std::chrono::hours(2);
  add({.name = "work"}, [&](task_context&) { door.pass(); });
  start();
  tasks::external_submission outside;
  outside.owner = "ann";
  outside.tool = "anything";
  outside.retention = std::chrono::hours(10);
  const auto task = tasks::sync(engine->submit_external(outside)).task;
  EXPECT_EQ(task->retention, std::chrono::hours(2));
  const auto set = [&](std::optional<milliseconds> wish) {
    return tasks::sync(engine->set_retention("ann", task->id(), wish)).task->retention;
  };
  EXPECT_EQ(set(milliseconds(1)), milliseconds(1));
  EXPECT_EQ(set(std::nullopt), std::chrono::hours(2));
  EXPECT_EQ(set(milliseconds(-5)), milliseconds(0));
  EXPECT_EQ(set(milliseconds::max()), std::chrono::hours(2));
}

TEST_F(edges, P24_short_tasks_leave_nothing) {
  add({.name = "blocking", .retention = milliseconds(0)}, [] { return std::string("x"); });
  add({.name = "never", .policy = task_policy::never}, [] { return std::string("x"); });
  start();
  constexpr int count = 20'000 / slowdown;
  for (int i = 0; i < count; ++i) {
    auto what = call(i % 2 == 0 ? "blocking" : "never");
    what.hidden = i % 2 != 0;
    what.id = engine->new_id(*what.tool);
    const auto waiter = std::make_shared<state_waiter>();
    const auto following = engine->follow(what.id, waiter);
    submit(what);
    waiter->await([](const task_record& t) { return t.terminal(); });
    if (i % 500 == 0) engine->tick();
  }
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  engine->tick();
  EXPECT_EQ(engine->running(), 0u);
  EXPECT_EQ(engine->followers(), 0u);
  // One task at a time needs a thread or two; on a busy machine some come back late.
  EXPECT_LE(engine->pool_threads(), 32u);
  EXPECT_EQ(tasks::sync(engine->store().stats()).completed, 0u);
}

}  // namespace
}  // namespace longhaul::test
