// SPDX-License-Identifier: Apache-2.0
// What people expect of a queue, of an engine: attempts, signs of life, unique calls, limits by
// key, pause, and work that is made again by hand.
#include <atomic>

#include "longhaul/error_codes.hpp"
#include "tasks/engine_fixture.hpp"
#include "tasks/handler_run.hpp"
#include "tasks/operations.hpp"
#include "tasks/wait_words.hpp"
#include "tasks/waiting_calls.hpp"

namespace longhaul::test {
namespace {

using namespace std::chrono_literals;

const raw_json names_a_database =
    raw_json::trusted(R"({"type":"object","properties":{"db":{"type":"string"}}})");

class queue : public engine_fixture {
 protected:
  /// The state of a task that waits for its next attempt.
  task_ptr await_retry(const task_ptr& task, std::uint32_t attempt = 1) {
    return await(task, [=](const task_record& now) {
      return !now.terminal() && !now.process && now.attempt == attempt;
    });
  }
  /// Until the next attempt may have begun.
  void pass(milliseconds time) {
    clock.advance(time);
    engine->tick();
  }
  tasks::submission call_with(std::string_view tool, std::string_view arguments) {
    tasks::submission what = call(tool);
    what.arguments = raw_json::parse(arguments);
    return what;
  }
};

TEST_F(queue, an_attempt_that_fails_is_made_again_with_its_checkpoint) {
  add({.name = "flaky", .retry_on = retry_on::error, .retry_backoff = 4s},
      [](task_context& task) -> std::string {
        if (task.attempt() == 1) {
          task.save_checkpoint(7);
          throw tool_error("the first time\nit fails");
        }
        return "resumed at " + std::to_string(task.checkpoint<int>().value_or(0));
      });
  start();
  const auto task = submit(call("flaky"));
  const auto waits = await_retry(task);
  EXPECT_EQ(waits->status_message, "the first time");
  EXPECT_LE(waits->run_at - clock.monotonic(), 4s);
  pass(4s);
  const auto done = await_end(task);
  EXPECT_EQ(text_of(*done), "resumed at 7");
  EXPECT_EQ(done->attempt, 2U);
  ASSERT_TRUE(done->attempts);
  EXPECT_EQ(done->attempts->front().how, "the first time");
}

TEST_F(queue, the_last_attempt_ends_as_it_always_did) {
  std::atomic<int> runs{0};
  add({.name = "fails", .retry_on = retry_on::error, .max_attempts = 3, .retry_backoff = 0ms},
      [&]() -> std::string {
        ++runs;
        throw tool_error("no");
      });
  start();
  const auto task = submit(call("fails"));
  for (std::uint32_t attempt = 1; attempt < 3; ++attempt) {
    await_retry(task, attempt);
    pass(0ms);
  }
  const auto done = await_end(task);
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_TRUE(done->result.is_error);
  EXPECT_EQ(text_of(*done), "no");
  EXPECT_EQ(runs, 3);
}

TEST_F(queue, a_handler_says_when_it_wants_to_be_called_again) {
  add({.name = "polite"}, [](task_context& task) -> std::string {
    if (task.attempt() == 1) throw retry_later("the service is busy", 30s);
    if (task.attempt() == 2) {
      throw retry_later("still busy", 0s, outcome::tool_error("never seen"));
    }
    throw retry_later("and again", 0s, outcome::tool_error("gave up"));
  });
  start();
  const auto task = submit(call("polite"));
  const auto waits = await_retry(task);
  EXPECT_EQ(waits->run_at - clock.monotonic(), 30s);
  EXPECT_EQ(waits->status_message, "the service is busy");
  EXPECT_EQ(engine->waits().now(*waits), "attempt 2 of 3 in 30 s: the service is busy");
  pass(30s);
  await_retry(task, 2);
  pass(0s);
  EXPECT_EQ(text_of(*await_end(task)), "gave up") << "no attempt is left";
}

// What hooks throw counts as thrown by the handler, within its budget.
struct never_content final : tasks::call_hooks {
  void on_result(tasks::handler_run&, outcome&) override {
    throw retry_later("not good enough", 0s);
  }
  void on_end(const task_record&) noexcept override {}
};

TEST_F(queue, a_hook_that_wants_another_attempt_has_no_more_than_there_are) {
  std::atomic<std::uint32_t> runs{0};
  options.hooks = std::make_shared<never_content>();
  add({.name = "work", .max_attempts = 2}, [&] { ++runs; });
  start();
  const auto task = submit(call("work"));
  await_retry(task);
  pass(0s);
  const auto done = await_end(task);
  EXPECT_EQ(text_of(*done), "not good enough");
  EXPECT_EQ(runs, 2U);
}

TEST_F(queue, a_cancelled_attempt_is_not_made_again) {
  gate& door = new_gate();
  add({.name = "work", .retry_on = retry_on::any}, [&](task_context& task) {
    door.pass(task.stop_token());
    throw tool_error("stopped");
  });
  start();
  const auto task = submit(call("work"));
  door.await_arrivals(1);
  EXPECT_EQ(cancel(task).code, stores::change_code::applied);
  engine->drain(1h, 1h);
  EXPECT_EQ(get(task)->status, task_status::cancelled);
  EXPECT_EQ(get(task)->attempt, 1U);
}

TEST_F(queue, an_attempt_that_takes_too_long_is_made_again_while_the_old_one_stops) {
  gate &stubborn = new_gate(), &second = new_gate();
  add({.name = "slow", .retry_on = retry_on::timeout, .retry_backoff = 0ms, .attempt_limit = 10s},
      [&](task_context& task) {
        if (task.attempt() == 1) return stubborn.pass();
        second.pass();
      });
  start();
  const auto task = submit(call("slow"));
  stubborn.await_arrivals(1);
  pass(10s);
  EXPECT_FALSE(get(task)->terminal());
  pass(0s);
  second.await_arrivals(1);
  stubborn.open();
  second.open();
  const auto done = await_end(task);
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_EQ(done->attempt, 2U);
}

TEST_F(queue, silence_ends_an_attempt) {
  gate& door = new_gate();
  std::atomic<task_context*> running{nullptr};
  add({.name = "silent", .stall_limit = 10min}, [&](task_context& task) {
    running = &task;
    door.pass(task.stop_token());
  });
  start();
  const auto task = submit(call("silent"));
  door.await_arrivals(1);
  pass(9min);
  running.load()->alive();
  pass(9min);
  running.load()->progress(1);
  pass(10min - 1ms);
  EXPECT_EQ(get(task)->status, task_status::working);
  pass(1ms);
  const auto done = await_end(task);
  EXPECT_EQ(error_code_of(*done), error_codes::time_limit);
  EXPECT_EQ(done->status_message, "no sign of life for 10 min (stall_limit)");
}

TEST_F(queue, silence_may_be_followed_by_another_attempt) {
  gate& door = new_gate();
  add({.name = "silent", .retry_on = retry_on::stall, .retry_backoff = 0ms, .stall_limit = 1min},
      [&](task_context& task) {
        if (task.attempt() == 1) door.pass(task.stop_token());
      });
  start();
  const auto task = submit(call("silent"));
  door.await_arrivals(1);
  pass(1min);
  pass(0min);
  const auto done = await_end(task);
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_EQ(done->attempts->front().how, "no sign of life for 1 min (stall_limit)");
}

TEST_F(queue, whoever_asks_may_be_silent) {
  add({.name = "asks", .stall_limit = 1min}, [](task_context& task) {
    task.ask("who",
             elicitation::form("who?", raw_json::trusted(R"({"type":"object","properties":{}})")));
  });
  start();
  const auto task = submit(call("asks"));
  await_status(task, task_status::input_required);
  pass(1h);
  EXPECT_EQ(get(task)->status, task_status::input_required);
  answer(task, "who", R"({"action":"decline"})");
  EXPECT_EQ(await_end(task)->status, task_status::completed);
}

TEST_F(queue, a_call_like_one_that_runs_is_that_one) {
  gate& door = new_gate();
  add({.name = "build", .unique = true, .unique_for = 1min},
      [&](task_context&, const raw_json&) -> handler_result {
        door.pass();
        return outcome::result(raw_json::trusted(R"({"content":[]})"));
      });
  start();
  const auto first = submit(call_with("build", R"({"a":1,"b":"x"})"));
  EXPECT_EQ(submit(call_with("build", R"({ "b":"\u0078", "a":1.0 })"))->id(), first->id());
  EXPECT_NE(submit(call_with("build", R"({"a":2,"b":"x"})"))->id(), first->id());
  auto others = call_with("build", R"({"a":1,"b":"x"})");
  others.owner = "bob";
  EXPECT_NE(submit(others)->id(), first->id());
  door.open();
  await_end(first);
  clock.advance(1min - 1ms);
  EXPECT_EQ(submit(call_with("build", R"({"a":1,"b":"x"})"))->id(), first->id());
  clock.advance(1ms);
  EXPECT_NE(submit(call_with("build", R"({"a":1,"b":"x"})"))->id(), first->id());
}

TEST_F(queue, large_calls_are_compared_elsewhere_and_alike) {
  gate& door = new_gate();
  add({.name = "build", .unique = true}, [&](task_context&, const raw_json&) -> handler_result {
    door.pass();
    return outcome::result(raw_json::trusted(R"({"content":[]})"));
  });
  start();
  const std::string text = '"' + std::string(tasks::tunables::checked_inline, 'x') + '"';
  const auto first = submit(call_with("build", R"({"a":1,"b":)" + text + "}"));
  EXPECT_EQ(submit(call_with("build", R"({"b":)" + text + R"(,"a":1.0})"))->id(), first->id());
}

TEST_F(queue, no_more_run_with_one_key_than_may_until_they_have_returned) {
  gate& door = new_gate();
  std::atomic<int> at_once{0}, most{0};
  add({.name = "migrate",
       .concurrency = 1,
       .concurrency_key = "{db}",
       .input_schema = names_a_database},
      [&](task_context&, const raw_json&) -> handler_result {
        most = std::max(most.load(), ++at_once);
        door.pass();
        --at_once;
        return outcome::result(raw_json::trusted(R"({"content":[]})"));
      });
  start();
  const auto first = submit(call_with("migrate", R"({"db":"orders"})"));
  door.await_arrivals(1);
  const auto second = submit(call_with("migrate", R"({"db":"orders"})"));
  EXPECT_EQ(first->origin->concurrency_key, "db=orders");
  EXPECT_FALSE(second->process);
  EXPECT_EQ(engine->waits().now(*second), "waiting for db=orders");
  cancel(first);
  pass(1s);
  EXPECT_EQ(get(second)->attempt, 0U) << "the handler of the first has not returned";
  door.open();
  EXPECT_EQ(await_end(second)->status, task_status::completed);
  EXPECT_EQ(most, 1);
}

TEST_F(queue, other_keys_do_not_wait) {
  gate& door = new_gate();
  add({.name = "migrate",
       .concurrency = 1,
       .concurrency_key = "{db}",
       .input_schema = names_a_database},
      [&](task_context&, const raw_json&) -> handler_result {
        door.pass();
        return outcome::result(raw_json::trusted(R"({"content":[]})"));
      });
  start();
  submit(call_with("migrate", R"({"db":"a"})"));
  submit(call_with("migrate", R"({"db":"a"})"));
  submit(call_with("migrate", R"({"db":"b"})"));
  engine->tick();
  door.await_arrivals(2);
}

TEST_F(queue, a_paused_tool_waits) {
  add({.name = "task"}, [] { return std::string("done"); });
  add({.name = "plain", .policy = task_policy::never}, [] { return std::string("done"); });
  start();
  EXPECT_TRUE(tasks::sync(engine->operations().pause("task")));
  EXPECT_TRUE(tasks::sync(engine->operations().pause("plain")));
  EXPECT_FALSE(tasks::sync(engine->operations().pause("task"))) << "it is already";
  const auto task = submit(call("task"));
  auto what = call("plain");
  what.hidden = true;
  const auto plain = submit(what);
  pass(10s);
  EXPECT_EQ(get(task)->attempt, 0U);
  EXPECT_EQ(engine->waits().now(*get(task)), "paused by the operator");
  EXPECT_EQ(tasks::sync(engine->get_any("ann", plain->id()))->attempt, 0U);
  const auto waits = std::make_shared<state_waiter>();  // it is gone once it has ended
  const auto following = engine->follow(plain->id(), waits);
  EXPECT_TRUE(tasks::sync(engine->operations().resume("task")));
  EXPECT_TRUE(tasks::sync(engine->operations().resume("plain")));
  EXPECT_EQ(await_end(task)->status, task_status::completed);
  const auto end = waits->await([](const task_record& now) { return now.terminal(); });
  EXPECT_EQ(end->status, task_status::completed);
}

// A plain call whose tool goes while it waits for its next attempt hung for ever.
TEST_F(queue, a_plain_call_that_waits_for_an_attempt_ends_with_its_tool) {
  add({.name = "flaky", .retry_on = retry_on::error, .retry_backoff = 1h},
      []() -> std::string { throw tool_error("no"); });
  start();
  auto what = call("flaky");
  what.hidden = true;
  const auto task = submit(what);
  await_retry(task);
  tools->remove("flaky");
  pass(1s);
  const auto ended = await_end(task);
  EXPECT_EQ(ended->status, task_status::cancelled);
  EXPECT_EQ(ended->cancel_reason, tasks::removed_reason);
}

TEST_F(queue, who_waits_is_told_for_how_many) {
  gate& door = new_gate();
  add({.name = "one", .max_running = 1}, [&](task_context&) { door.pass(); });
  start();
  const auto first = submit(call("one"));
  door.await_arrivals(1);
  EXPECT_EQ(engine->waits().now(*get(first)), "") << "it runs";
  clock.advance(1ms);  // so that ids follow one another
  const auto second = submit(call("one"));
  clock.advance(1ms);
  const auto third = submit(call("one"));
  EXPECT_EQ(tasks::sync(engine->waits().exactly(second)), "waiting: 1 of 1 running");
  EXPECT_EQ(tasks::sync(engine->waits().exactly(third)), "waiting: 1 of 1 running, 1 before it");
}

TEST_F(queue, what_was_refused_never_runs_although_its_tool_is_paused) {
  std::atomic<int> runs{0};
  add({.name = "work"}, [&] { ++runs; });
  start();
  tasks::sync(engine->operations().pause("work"));
  auto bad = call("work");
  bad.born_finished = outcome::tool_error("no such argument");
  const auto task = submit(bad);
  EXPECT_EQ(get(task)->status, task_status::completed);
  tasks::sync(engine->operations().resume("work"));
  pass(10s);
  engine->drain(1h, 1h);
  EXPECT_EQ(runs, 0);
}

TEST_F(queue, what_is_unique_is_made_again_by_hand) {
  add({.name = "build", .unique = true, .unique_for = 1h}, [] { return std::string("done"); });
  start();
  const auto first = submit(call("build"));
  await_end(first);
  const auto again = tasks::sync(engine->operations().retry("ann", first->id())).task;
  EXPECT_NE(again->id(), first->id());
  EXPECT_EQ(await_end(again)->status, task_status::completed);
}

TEST_F(queue, what_has_ended_is_made_again_by_hand) {
  gate& door = new_gate();
  add({.name = "work"}, [&](task_context&, const raw_json& arguments) -> handler_result {
    door.pass();
    return outcome::tool_error(arguments.view());
  });
  start();
  const auto first = submit(call_with("work", R"({"n":1})"));
  EXPECT_THROW(tasks::sync(engine->operations().retry("ann", first->id())), tasks::no_retry)
      << "it runs";
  door.open();
  await_end(first);
  EXPECT_THROW(tasks::sync(engine->operations().retry("bob", first->id())), tasks::no_retry)
      << "not his";
  const auto again = tasks::sync(engine->operations().retry("ann", first->id())).task;
  ASSERT_TRUE(again);
  EXPECT_EQ(again->origin->retry_of, first->id());
  EXPECT_EQ(text_of(*await_end(again)), R"({"n":1})");
}

}  // namespace
}  // namespace longhaul::test
