// SPDX-License-Identifier: Apache-2.0
// Many tasks at once: bounds, fairness, retention, notifications, faults of the store.
#include <atomic>
#include <random>
#include <thread>

#include "longhaul/error_codes.hpp"
#include "support/fault_store.hpp"
#include "support/seed.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

using engine_test = engine_fixture;

TEST_F(engine_test, P10_racers_on_one_key_make_one_task_and_one_run) {
  std::atomic<int> runs = 0;
  add({.name = "work"}, [&](const raw_json&) { ++runs; });
  start();
  constexpr int racers = 64;
  std::latch ready(racers);
  std::vector<task_ptr> tasks(racers);
  std::vector<std::thread> threads;
  for (int i = 0; i < racers; ++i) {
    threads.emplace_back([&, i] {
      auto what = call("work");
      what.idempotency_key = "the-key";
      what.arguments = raw_json::trusted(R"({"n":1})");
      ready.arrive_and_wait();
      tasks[static_cast<std::size_t>(i)] = submit(what);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& task : tasks) EXPECT_EQ(task->id(), tasks.front()->id());
  const auto done = await_end(tasks.front());
  EXPECT_EQ(done->status, task_status::completed) << done->status_message << done->cancel_reason;
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(runs, 1);
}

TEST_F(engine_test, a_key_with_other_arguments_is_refused_without_the_id) {
  add({.name = "work"}, [](const raw_json&) {});
  start();
  auto what = call("work");
  what.idempotency_key = "the-key";
  what.arguments = raw_json::trusted(R"({"n":1})");
  submit(what);
  what.arguments = raw_json::trusted(R"({"n":2})");
  const auto second = tasks::sync(engine->submit(what));
  EXPECT_EQ(second.code, stores::create_code::key_conflict);
  EXPECT_FALSE(second.task);
}

TEST_F(engine_test, P11_cancel_against_finish_has_one_winner) {
  add({.name = "work"}, [] { return std::string("done"); });
  start();
  for (int i = 0; i < 2000; ++i) {
    const auto task = submit(call("work"));
    const auto cancelled = cancel(task);
    const auto end = get(task);
    ASSERT_TRUE(end->terminal());
    ASSERT_EQ(end->status == task_status::cancelled,
              cancelled.code == stores::change_code::applied);
    ASSERT_EQ(bool(end->result.body), end->status == task_status::completed);
  }
}

TEST_F(engine_test, P16_the_last_notification_is_the_final_state) {
  gate& door = new_gate();
  add({.name = "work"}, [&](task_context& task) {
    door.pass();
    for (int i = 1; i <= 50; ++i) task.progress(i, 50);
    return std::string("done");
  });
  start();
  const auto task = submit(call("work"));
  constexpr int subscribers = 1000;
  std::vector<std::shared_ptr<state_waiter>> waiters;
  std::vector<tasks::hub::subscription> following;
  for (int i = 0; i < subscribers; ++i) {
    waiters.push_back(std::make_shared<state_waiter>());
    following.push_back(engine->follow(task->id(), waiters.back()));
  }
  std::atomic<bool> stop = false;
  std::thread ticker([&] {
    while (!stop) engine->tick();
  });
  door.open();
  for (const auto& waiter : waiters) {
    const auto last = waiter->await([](const task_record& t) { return t.terminal(); });
    ASSERT_EQ(last->rev, get(task)->rev);
  }
  stop = true;
  ticker.join();
}

TEST_F(engine_test, a_follower_too_many_is_refused) {
  add({.name = "work"}, [] {});
  start();
  const auto who = std::make_shared<state_waiter>();
  std::vector<tasks::hub::subscription> following;
  for (std::size_t i = 0; i < tasks::tunables::followers_per_task; ++i) {
    following.push_back(engine->follow("some-id", who));
  }
  EXPECT_THROW(following.push_back(engine->follow("some-id", who)), tasks::too_many_followers);
  following.clear();
  EXPECT_NO_THROW(following.push_back(engine->follow("some-id", who)));
}

TEST_F(engine_test, P18_a_flood_does_not_starve_another_owner) {
  gate& door = new_gate();
  options.max_running = 8;
  add({.name = "work"}, [&](task_context&) { door.pass(); });
  start();
  for (int i = 0; i < 500; ++i) submit(call("work", "flooder"));
  // All slots but the reserve are taken by tasks that do not end; the newcomer starts all the same.
  const auto task = submit(call("work", "newcomer"));
  const auto started = await(task, [](const task_record& t) { return t.epoch > 0; });
  EXPECT_EQ(started->attempt, 1u);
}

TEST_F(engine_test, a_tool_with_a_limit_of_its_own_never_runs_more_often_and_delays_no_other) {
  gate& door = new_gate();
  std::atomic<int> now{0}, most{0};
  options.max_running = 16;
  add({.name = "rare", .max_running = 2}, [&](task_context&) {
    const int running = ++now;
    for (int seen = most; seen < running && !most.compare_exchange_weak(seen, running);) {
    }
    door.pass();
    --now;
  });
  add({.name = "common"}, [] {});
  start();
  std::vector<task_ptr> rare;
  for (int i = 0; i < 40; ++i) rare.push_back(submit(call("rare", i % 2 ? "ann" : "bob")));
  door.await_arrivals(2);
  await_end(submit(call("common")));  // although many wait
  EXPECT_EQ(door.arrivals(), 2);
  door.open();
  for (const auto& task : rare) EXPECT_EQ(await_end(task)->status, task_status::completed);
  EXPECT_EQ(most, 2);
}

TEST_F(engine_test, P18_waiting_tasks_of_two_owners_take_turns) {
  gate& door = new_gate();
  std::mutex mutex;
  std::vector<std::string> order;
  options.max_running = 1;
  add({.name = "block"}, [&](task_context&) { door.pass(); });
  add({.name = "work"}, [&](task_context& task) {
    const std::lock_guard lock(mutex);
    order.push_back(task.caller().owner);
  });
  start();
  submit(call("block"));
  door.await_arrivals(1);
  std::vector<task_ptr> submitted;
  for (int i = 0; i < 100; ++i) submitted.push_back(submit(call("work", "flooder")));
  for (int i = 0; i < 3; ++i) submitted.push_back(submit(call("work", "newcomer")));
  door.open();
  for (const auto& task : submitted) await_end(task);
  const auto position = [&](int nth) {
    int seen = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] == "newcomer" && ++seen == nth) return i;
    }
    return order.size();
  };
  EXPECT_LE(position(3), 6u);
}

TEST_F(engine_test, P20_retention_counts_from_the_end_and_nothing_goes_before_its_time) {
  gate& door = new_gate();
  options.default_retention = std::chrono::hours(1);
  add({.name = "work"}, [&](task_context&) { door.pass(); });
  start();
  const auto task = submit(call("work"));
  clock.advance(std::chrono::hours(5));
  engine->tick();
  ASSERT_TRUE(get(task)) << "running work never expires";
  EXPECT_GE(*shown_ttl(*get(task), clock.now()), std::chrono::hours(5) + std::chrono::minutes(30));
  door.open();
  await_end(task);
  clock.advance(std::chrono::hours(1) - milliseconds(1));
  engine->tick();
  ASSERT_TRUE(get(task));
  clock.advance(milliseconds(1));
  EXPECT_FALSE(get(task)) << "invisible even before it is purged";
  engine->tick();
  EXPECT_EQ(tasks::sync(engine->store().stats()).completed, 0u);
}

TEST_F(engine_test, P20_a_requested_retention_is_kept_within_the_maximum) {
  options.max_retention = std::chrono::hours(2);
  add({.name = "work"}, [] {});
  start();
  auto what = call("work");
  what.retention_given = true;
  what.retention = std::chrono::hours(10);
  EXPECT_EQ(submit(what)->retention, std::chrono::hours(2));
  what.retention = std::nullopt;  // "unlimited" is not "absent"
  EXPECT_EQ(submit(what)->retention, std::chrono::hours(2));
  options.max_retention.reset();
}

TEST_F(engine_test, P20_a_tool_may_keep_its_tasks_for_ever_where_the_server_allows) {
  options.max_retention.reset();
  add({.name = "work", .retention = milliseconds::max()}, [] {});
  start();
  EXPECT_FALSE(submit(call("work"))->retention.has_value());
}

TEST_F(engine_test, P21_overload_is_refused_before_the_acknowledgement) {
  gate& door = new_gate();
  options.bounds.open_per_quota = 10;
  options.max_running = 2;
  add({.name = "work"}, [&](task_context&) { door.pass(); });
  start();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(tasks::sync(engine->submit(call("work"))).code, stores::create_code::created);
  }
  const auto refused = tasks::sync(engine->submit(call("work")));
  EXPECT_EQ(refused.code, stores::create_code::busy);
  EXPECT_FALSE(refused.task);
  EXPECT_EQ(tasks::sync(engine->submit(call("work", "bob"))).code, stores::create_code::created);
}

TEST_F(engine_test, P19_every_operation_of_a_stranger_finds_nothing) {
  gate& door = new_gate();
  add({.name = "work"}, [&](task_context&) { door.pass(); });
  start();
  const auto task = submit(call("work", "ann"));
  const std::string& id = task->id();
  std::vector<stores::response> answers;
  answers.push_back({"key", raw_json::trusted("{}")});
  EXPECT_FALSE(tasks::sync(engine->get("bob", id)));
  EXPECT_FALSE(tasks::sync(engine->get_any("bob", id)));
  EXPECT_EQ(tasks::sync(engine->answer("bob", id, answers)).code, stores::change_code::not_found);
  EXPECT_EQ(tasks::sync(engine->cancel("bob", id, "")).code, stores::change_code::not_found);
  EXPECT_EQ(tasks::sync(engine->set_retention("bob", id, std::nullopt)).code,
            stores::change_code::not_found);
  EXPECT_EQ(tasks::sync(engine->reveal("bob", id, std::nullopt)).code,
            stores::change_code::not_found);
  EXPECT_TRUE(tasks::sync(engine->list("bob", std::nullopt, "", 10))->tasks.empty());
  EXPECT_EQ(get(task)->status, task_status::working);
}

TEST_F(engine_test, progress_reaches_the_store_and_only_grows) {
  gate &first = new_gate(), &second = new_gate();
  add({.name = "work"}, [&](task_context& task) {
    task.progress(5, 10, "half");
    task.progress(3, 10, "back");  // dropped
    first.pass();
    task.progress(9, 10);
    second.pass();
  });
  start();
  const auto task = submit(call("work"));
  first.await_arrivals(1);
  engine->tick();
  EXPECT_EQ(get(task)->progress->done, 5);
  EXPECT_EQ(get(task)->status_message, "half");
  first.open();
  second.await_arrivals(1);
  clock.advance(std::chrono::seconds(10));
  engine->tick();
  EXPECT_EQ(get(task)->progress->done, 9);
  second.open();
}

// The store answers "failed" for writes that were done, and times out for some that were not: the
// tool still runs at most once a task, every task ends, and no acknowledged task is lost.
TEST_F(engine_test, unknown_outcomes_are_made_certain) {
  const auto chosen = random_seed();
  const auto memory = std::make_shared<stores::memory_store>(stores::memory_options{}, clock);
  beneath = memory;
  options.store = std::make_shared<fault_store>(*memory, chosen, fault_rates{0.1, 0.1, 0.02});
  std::mutex mutex;
  std::map<std::string, int> runs;
  add({.name = "work"}, [&](task_context& task) {
    const std::lock_guard lock(mutex);
    ++runs[task.id()];
  });
  start();
  std::vector<task_ptr> acknowledged;
  for (int i = 0; i < 200; ++i) {
    try {
      acknowledged.push_back(submit(call("work")));
    } catch (const stores::store_error&) {  // told so: not acknowledged
    }
  }
  EXPECT_GT(acknowledged.size(), 100u);
  const auto now = [&](const task_ptr& task) {
    return tasks::sync(memory->get(task->owner(), task->id()));
  };
  for (const auto& task : acknowledged) {
    while (!now(task)->terminal()) {
      clock.advance(std::chrono::seconds(5));  // the lease is renewed, the audit sees strays
      engine->tick();
    }
    ASSERT_LE(now(task)->attempt, 1u) << "seed " << chosen;
  }
  const std::lock_guard lock(mutex);
  for (const auto& [id, count] : runs) ASSERT_EQ(count, 1) << id << " seed " << chosen;
}

}  // namespace
}  // namespace longhaul::test
