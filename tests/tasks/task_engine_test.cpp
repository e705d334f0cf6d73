// SPDX-License-Identifier: Apache-2.0
// The engine as a library: every public function, its errors included.
#include "longhaul/task_engine.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <set>

#include "support/virtual_clock.hpp"
#include "tasks/engine_fixture.hpp"

namespace longhaul::test {
namespace {

struct sum_args {
  int a = 0;
  int b = 0;
};
BOOST_DESCRIBE_STRUCT(sum_args, (), (a, b))

class task_engine_test : public testing::Test {
 protected:
  task_engine_test() : task_engine_test(task_engine_options{}) {}
  explicit task_engine_test(task_engine_options options) {
    options.clock = &clock;
    options.manual = true;
    options.max_open_per_owner = 20;
    engine = std::make_unique<task_engine>(options);
    engine->add_tool({.name = "sum"},
                     [](const sum_args& args) { return std::to_string(args.a + args.b); });
    engine->add_tool({.name = "wait"},
                     [this](task_context& task) { door.pass(task.stop_token()); });
    engine->add_tool({.name = "plain", .policy = task_policy::never},
                     [] { return std::string("ok"); });
    engine->start();
  }
  ~task_engine_test() override {
    door.open();
    engine.reset();
  }

  task_ptr submit(std::string tool, std::string_view arguments = "{}") {
    task_request request;
    request.tool = std::move(tool);
    request.arguments = raw_json::parse(arguments);
    return engine->submit(request);
  }
  task_ptr create_external() {
    task_request request;
    request.tool = "elsewhere";
    return engine->create_external(request);
  }
  static outcome some_result() { return outcome::result(raw_json::trusted(R"({"content":[]})")); }
  static elicitation question(const std::string& text) {
    return elicitation::form(
        text, raw_json::trusted(R"({"type":"object","properties":{"color":{"type":"string"}}})"));
  }

  virtual_clock clock;
  gate door;
  std::unique_ptr<task_engine> engine;
};

TEST_F(task_engine_test, a_task_runs_and_can_be_waited_for) {
  const auto task = submit("sum", R"({"a":2,"b":3})");
  const auto done = engine->wait("local", task->id());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, task_status::completed);
  EXPECT_NE(done->result.body.view().find("\"5\""), std::string_view::npos);
}

TEST_F(task_engine_test, bad_requests_are_refused_before_anything_is_created) {
  EXPECT_THROW(submit("nothing"), std::invalid_argument);
  EXPECT_THROW(submit(""), std::invalid_argument);
  EXPECT_THROW(submit("sum", "[1]"), invalid_arguments);
  EXPECT_THROW(submit("sum", R"({"a":"two"})"), invalid_arguments);
  task_request external;
  external.arguments = raw_json::parse("17");
  EXPECT_THROW(engine->create_external(external), invalid_arguments);
  EXPECT_TRUE(engine->list("local").tasks.empty());
}

TEST_F(task_engine_test, a_tool_of_a_known_name_is_refused) {
  task_engine other;
  other.add_tool({.name = "sum"}, [] {});
  EXPECT_THROW(other.add_tool({.name = "sum"}, [] {}), std::invalid_argument);
}

// Policies are for wires: here every task can be read.
TEST_F(task_engine_test, a_never_tool_is_a_task_like_others_here) {
  const auto task = submit("plain");
  const auto done = engine->wait("local", task->id());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, task_status::completed);
}

TEST_F(task_engine_test, idempotency_and_bounds) {
  task_request request;
  request.tool = "sum";
  request.arguments = raw_json::parse(R"({"a":1,"b":1})");
  request.idempotency_key = "one";
  const auto first = engine->submit(request);
  EXPECT_EQ(engine->submit(request)->id(), first->id());
  request.arguments = raw_json::parse(R"({"a":1,"b":2})");
  EXPECT_THROW(engine->submit(request), idempotency_conflict);
  engine->wait("local", first->id());
  for (int i = 0; i < 20; ++i) create_external();
  EXPECT_THROW(create_external(), engine_busy);
  EXPECT_THROW(submit("sum", R"({"a":1,"b":1})"), engine_busy);
}

TEST_F(task_engine_test, wait_has_a_limit) {
  const auto task = submit("wait");
  EXPECT_EQ(engine->wait("local", task->id(), milliseconds(20))->status, task_status::working);
  EXPECT_EQ(engine->wait("local", task->id(), milliseconds(0))->status, task_status::working);
  EXPECT_EQ(engine->wait("local", task->id(), milliseconds::min())->status, task_status::working);
  EXPECT_FALSE(engine->wait("local", "unknown", milliseconds(20)));
  EXPECT_FALSE(engine->wait("stranger", task->id(), milliseconds(20)));
  // "As long as it takes" must not wrap around to "not at all".
  auto waits = std::async(std::launch::async,
                          [&] { return engine->wait("local", task->id(), milliseconds::max()); });
  door.await_arrivals(1);
  EXPECT_EQ(waits.wait_for(milliseconds(50)), std::future_status::timeout);
  door.open();
  EXPECT_EQ(waits.get()->status, task_status::completed);
}

TEST_F(task_engine_test, async_wait_is_for_coroutines) {
  const auto task = submit("wait");
  boost::asio::io_context context;
  task_ptr done;
  auto waiting = engine->async_wait("local", task->id());
  boost::asio::co_spawn(context, std::move(waiting),
                        [&](std::exception_ptr, task_ptr end) { done = std::move(end); });
  context.poll();
  EXPECT_FALSE(done);
  door.open();
  context.run();
  EXPECT_EQ(done->status, task_status::completed);
}

// Several threads may run the executor of whoever waits.
TEST_F(task_engine_test, async_wait_works_on_a_context_of_many_threads) {
  boost::asio::io_context context;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 18; ++i) {
    const auto task = submit("wait");
    for (int j = 0; j < 10; ++j) {
      auto waiting = engine->async_wait("local", task->id());
      boost::asio::co_spawn(context, std::move(waiting), [&](std::exception_ptr, task_ptr end) {
        if (end && end->terminal()) ++ended;
      });
    }
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
  door.open();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ended, 180);
}

TEST_F(task_engine_test, list_has_pages_and_filters) {
  std::set<std::string> created;
  for (int i = 0; i < 7; ++i) created.insert(create_external()->id());
  std::set<std::string> seen;
  std::string cursor;
  int pages = 0;
  while (true) {
    const auto page = engine->list("local", std::nullopt, cursor, 3);
    ++pages;
    EXPECT_LE(page.tasks.size(), 3u);
    for (const auto& task : page.tasks) EXPECT_TRUE(seen.insert(task->id()).second);
    if (!page.next_cursor) break;
    cursor = *page.next_cursor;
  }
  EXPECT_EQ(seen, created);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(engine->list("local", task_status::working).tasks.size(), 7u);
  EXPECT_TRUE(engine->list("local", task_status::failed).tasks.empty());
  EXPECT_TRUE(engine->list("stranger").tasks.empty());
  EXPECT_THROW(engine->list("local", std::nullopt, "no cursor"), std::invalid_argument);
}

TEST_F(task_engine_test, external_tasks_are_worked_on_with_id_and_token) {
  const auto task = create_external();
  const std::string &id = task->id(), &token = task->origin->token;
  EXPECT_EQ(engine->report(id, "wrong", {1, 2}).code, change::superseded);
  EXPECT_EQ(engine->report("unknown", token, {1, 2}).code, change::not_found);
  EXPECT_EQ(engine->report(id, token, {1, 2}, "half").code, change::applied);
  EXPECT_EQ(engine->get("local", id)->status_message, "half");
  EXPECT_EQ(engine->ask(id, token, {{"color", question("Which?")}}).code, change::applied);
  EXPECT_EQ(engine->ask(id, token, {{"color", question("Which?")}}).code, change::unchanged);
  EXPECT_EQ(engine->ask(id, token, {{"color", question("Other?")}}).code, change::key_reused);
  EXPECT_THROW(engine->answer("local", id, {{"color", raw_json::parse("{}")}}), question_error);
  const auto decline = raw_json::parse(R"({"action":"decline"})");
  EXPECT_EQ(engine->answer("stranger", id, {{"color", decline}}).code, change::not_found);
  EXPECT_EQ(engine->answer("local", id, {{"other", decline}}).code, change::unchanged);
  EXPECT_EQ(engine->answer("local", id, {{"color", decline}}).code, change::applied);
  EXPECT_EQ(engine->complete(id, token, some_result()).code, change::applied);
  EXPECT_EQ(engine->complete(id, token, some_result()).code, change::unchanged);
  EXPECT_EQ(engine->fail(id, token, 1, "no").code, change::already_terminal);
  EXPECT_EQ(engine->cancel("local", id).code, change::already_terminal);
  const auto other = create_external();
  EXPECT_EQ(engine->fail(other->id(), other->origin->token, 42, "broken").code, change::applied);
  EXPECT_EQ(engine->get("local", other->id())->status, task_status::failed);
  EXPECT_EQ(engine->get("local", other->id())->status_message, "broken");
}

TEST_F(task_engine_test, questions_need_a_key) {
  const auto task = create_external();
  EXPECT_THROW(engine->ask(task->id(), task->origin->token, {{"", question("Which?")}}),
               question_error);
}

TEST_F(task_engine_test, cancel_stops_the_handler) {
  const auto task = submit("wait");
  door.await_arrivals(1);
  EXPECT_EQ(engine->cancel("stranger", task->id()).code, change::not_found);
  EXPECT_EQ(engine->cancel("local", task->id(), "enough").code, change::applied);
  EXPECT_EQ(engine->get("local", task->id())->cancel_reason, "enough");
  engine.reset();  // returns: the handler heard of it although the door is shut
}

TEST_F(task_engine_test, remove_expired_applies_limits_and_counts_what_it_removed) {
  task_request request;
  request.tool = "elsewhere";
  request.overall_limit = std::chrono::minutes(5);
  request.retention = std::chrono::minutes(10);
  const auto limited = engine->create_external(request);
  const auto done = engine->wait("local", submit("sum", R"({"a":1,"b":1})")->id());
  EXPECT_EQ(engine->set_retention("stranger", done->id(), milliseconds(1)).code, change::not_found);
  EXPECT_EQ(engine->set_retention("local", done->id(), std::chrono::minutes(1)).code,
            change::applied);
  EXPECT_EQ(engine->remove_expired(), 0u);
  clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(engine->remove_expired(), 1u);
  EXPECT_FALSE(engine->get("local", done->id()));
  clock.advance(std::chrono::minutes(4));
  EXPECT_EQ(engine->remove_expired(), 0u);
  EXPECT_EQ(engine->get("local", limited->id())->status, task_status::failed);
  clock.advance(std::chrono::minutes(10));
  EXPECT_EQ(engine->remove_expired(), 1u);
}

TEST_F(task_engine_test, watch_tells_of_changes_until_the_handle_goes) {
  const auto task = create_external();
  std::vector<std::uint64_t> revisions;
  auto handle = engine->watch(task->id(), [&](const task_ptr& t) { revisions.push_back(t->rev); });
  engine->report(task->id(), task->origin->token, {1, 2});
  engine->report(task->id(), task->origin->token, {2, 2});
  ASSERT_EQ(revisions.size(), 2u);
  EXPECT_LT(revisions[0], revisions[1]);
  handle.reset();
  engine->complete(task->id(), task->origin->token, some_result());
  EXPECT_EQ(revisions.size(), 2u);
}

TEST_F(task_engine_test, a_watcher_that_throws_harms_nobody) {
  const auto task = create_external();
  int heard = 0;
  const auto odd =
      engine->watch(task->id(), [](const task_ptr&) { throw std::runtime_error("x"); });
  const auto good = engine->watch(task->id(), [&](const task_ptr&) { ++heard; });
  EXPECT_EQ(engine->complete(task->id(), task->origin->token, some_result()).code, change::applied);
  EXPECT_EQ(heard, 1);
}

TEST_F(task_engine_test, a_watch_may_end_inside_its_own_call) {
  const auto task = create_external();
  int heard = 0;
  task_engine::watch_handle handle;
  handle = engine->watch(task->id(), [&](const task_ptr&) {
    ++heard;
    handle.reset();
  });
  engine->report(task->id(), task->origin->token, {1, 2});
  engine->report(task->id(), task->origin->token, {2, 2});
  EXPECT_EQ(heard, 1);
}

TEST_F(task_engine_test, a_watch_may_outlive_the_engine) {
  auto handle = engine->watch("some-id", [](const task_ptr&) {});
  engine.reset();
  handle.reset();
}

TEST_F(task_engine_test, operators_pause_tools_and_make_finished_work_again) {
  EXPECT_TRUE(engine->pause("sum"));
  EXPECT_FALSE(engine->pause("sum"));
  EXPECT_TRUE(engine->paused().contains("sum"));
  const auto task = submit("sum", R"({"a":1,"b":2})");
  EXPECT_EQ(engine->why_it_waits(task), "paused by the operator");
  EXPECT_THROW(engine->retry("local", task->id()), std::invalid_argument) << "it has not ended";
  EXPECT_TRUE(engine->resume("sum"));
  EXPECT_FALSE(engine->resume("sum"));
  EXPECT_TRUE(engine->paused().empty());
  EXPECT_EQ(engine->wait("local", task->id())->status, task_status::completed);

  const auto again = engine->retry("local", task->id());
  EXPECT_EQ(again->origin->retry_of, task->id());
  const auto done = engine->wait("local", again->id());
  EXPECT_EQ(done->result.body, engine->get("local", task->id())->result.body);
  EXPECT_THROW(engine->retry("somebody", task->id()), std::invalid_argument);
}

}  // namespace
}  // namespace longhaul::test
