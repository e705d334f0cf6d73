// SPDX-License-Identifier: Apache-2.0
// Neutral requests against a real engine on a store in memory: call modes and policies, inline
// wait, questions, callers that leave, subscriptions, paging.
#include <thread>

#include "dispatcher_fixture.hpp"

namespace longhaul::test {
namespace {

class dispatcher_test : public dispatcher_fixture {};

TEST_F(dispatcher_test, every_mode_with_every_policy) {
  add({.name = "never", .policy = task_policy::never}, [] { return std::string("x"); });
  add({.name = "automatic"}, [] { return std::string("x"); });
  add({.name = "always", .policy = task_policy::always}, [] { return std::string("x"); });
  start();
  const auto kind = [&](const char* tool, call_mode mode, bool plain = false) -> std::string {
    auto what = request(tool, mode);
    what.plain_for_always = plain;
    const auto reply = call(std::move(what));
    if (std::holds_alternative<outcome>(reply)) return "result";
    if (std::holds_alternative<created_task>(reply)) return "task";
    if (refusal_in(reply) == refusal::task_forbidden) return "forbidden";
    if (refusal_in(reply) == refusal::task_required) return "required";
    return "other";
  };
  EXPECT_EQ(kind("never", call_mode::wait), "result");
  EXPECT_EQ(kind("never", call_mode::may_become_task), "result");
  EXPECT_EQ(kind("never", call_mode::as_task), "forbidden");
  EXPECT_EQ(kind("automatic", call_mode::wait), "result");
  EXPECT_EQ(kind("automatic", call_mode::may_become_task), "task");
  EXPECT_EQ(kind("automatic", call_mode::as_task), "task");
  EXPECT_EQ(kind("always", call_mode::wait), "required");
  EXPECT_EQ(kind("always", call_mode::wait, true), "result");
  EXPECT_EQ(kind("always", call_mode::may_become_task), "task");
  EXPECT_EQ(kind("always", call_mode::as_task), "task");
  EXPECT_EQ(refusal_in(call(request("nothing"))), refusal::unknown_tool);
  EXPECT_EQ(refusal_in(call(request(""))), refusal::unknown_tool);
  engine->drain(0ms, 1h);
  EXPECT_EQ(refusal_in(call(request("automatic"))), refusal::shutting_down);
}

// Once, such a call got no answer at all: its connection was closed at the end of the drain.
TEST_F(dispatcher_test, a_call_that_waits_for_a_slot_is_answered_when_the_server_stops) {
  engine_options.max_running = 1;
  add({.name = "work"}, [&] {
    door.pass();
    return std::string("done");
  });
  start();
  auto running = request("work", call_mode::as_task);
  ASSERT_TRUE(std::holds_alternative<created_task>(call(running)));
  door.await_arrivals(1);
  const auto queued = begin(request("work"), open());
  context.restart();
  while (to.waits == 0) context.run_one();
  std::thread opener([&] {
    while (!engine->draining()) std::this_thread::yield();
    door.open();
  });
  engine->drain(1h, 1h);
  opener.join();
  context.run();
  ASSERT_TRUE(queued->has_value());
  EXPECT_EQ(refusal_in(**queued), refusal::shutting_down);
}

struct number_args {
  int n = 0;
};
BOOST_DESCRIBE_STRUCT(number_args, (), (n))

TEST_F(dispatcher_test, invalid_arguments_are_refused_or_make_a_task_that_failed) {
  add({.name = "work"}, [](const number_args&) { return std::string("ran"); });
  start();
  for (const char* bad : {R"({"n":"x"})", "[]", "17", "null"}) {
    auto what = request("work");
    what.arguments = raw_json::parse(bad);
    EXPECT_EQ(refusal_in(call(what)), refusal::invalid_arguments) << bad;
    what.mode = call_mode::as_task;
    what.invalid_makes_task = true;
    const auto reply = call(what);
    const auto* made = std::get_if<created_task>(&reply);
    ASSERT_TRUE(made) << bad;
    const auto ended = stored(made->task->id());
    EXPECT_TRUE(ended->terminal());
    EXPECT_TRUE(ended->result.is_error);
  }
}

boost::asio::awaitable<std::string> say_and_return(task_context& task) {
  for (int i = 1; i <= 20; ++i) task.progress(i, 20);
  task.log(log_level::info, "a line");
  co_return "done";
}

// It was dropped: the call had ended before anybody looked.
TEST_F(dispatcher_test, what_a_quick_tool_said_before_it_returned_reaches_the_audience) {
  add({.name = "quick", .policy = task_policy::never, .quick = true}, say_and_return);
  start();
  EXPECT_EQ(text_in(call(request("quick"))), "done");
  EXPECT_EQ(to.progressed, std::vector<double>{20}) << "the last one always, and no burst of all";
  EXPECT_EQ(to.logged, std::vector<std::string>{"a line"});
  EXPECT_EQ(to.waits, 0);
}

TEST_F(dispatcher_test, inline_wait_gives_the_result_if_it_comes_in_time_and_else_a_task) {
  add({.name = "quick", .inline_wait = 1h}, [] { return std::string("now"); });
  add({.name = "slow", .inline_wait = 20ms}, [this](task_context&) { door.pass(); });
  start();
  EXPECT_EQ(text_in(call(request("quick", call_mode::may_become_task))), "now");
  const int waits = to.waits;
  const auto reply = begin(request("slow", call_mode::may_become_task), open());
  context.restart();
  while (to.waits == waits) context.run_one();
  advance(20ms);
  context.run();
  const auto* made = std::get_if<created_task>(&**reply);
  ASSERT_TRUE(made);
  EXPECT_TRUE(tasks::sync(engine->get("ann", made->task->id()))) << "its id was handed out";
}

TEST_F(dispatcher_test, a_question_ends_the_inline_wait) {
  add_asking(task_policy::automatic, 1h);
  start();
  const auto reply = call(request("paint", call_mode::may_become_task));
  const auto* made = std::get_if<created_task>(&reply);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->task->status, task_status::input_required);
}

TEST_F(dispatcher_test, who_cannot_be_asked_is_told_so) {
  add_asking();
  start();
  EXPECT_NE(text_in(call(request("paint"))).find("elicitation"), std::string::npos);
  auto what = request("paint");
  what.ask = asking::on_stream;  // but no mode was declared
  EXPECT_NE(text_in(call(what)).find("elicitation"), std::string::npos);
  EXPECT_TRUE(to.asked.empty());
}

TEST_F(dispatcher_test, a_question_on_the_stream_is_put_once_even_to_a_slow_peer) {
  add_asking();
  start();
  to.refuse = 1;
  const auto by = open();
  to.on_question = [&](const std::string& id, const std::string& key) {
    EXPECT_TRUE(tasks::sync(engine->list("ann", std::nullopt, "", 10))->tasks.empty())
        << "the work behind a plain call is hidden";
    std::vector<stores::response> given;
    given.push_back({key, raw_json::trusted(R"({"action":"decline"})")});
    tasks::sync(engine->answer("ann", id, given));
  };
  auto what = request("paint");
  what.ask = asking::on_stream;
  what.modes.add(client_capability::elicitation_form);
  const auto reply = begin(what, by);
  context.run();
  EXPECT_EQ(text_in(**reply), "declined");
  EXPECT_EQ(to.asked, std::vector<std::string>{"color"});
}

TEST_F(dispatcher_test, by_reply_asks_with_the_result_and_resumes) {
  add_asking();
  start();
  auto what = request("paint");
  what.ask = asking::by_reply;
  what.modes.add(client_capability::elicitation_form);
  const auto first = call(what);
  const auto* asks = std::get_if<needs_input>(&first);
  ASSERT_TRUE(asks);
  what.resume = asks->task->id();
  // Without an answer: the same question again.
  const auto second = call(what);
  ASSERT_TRUE(std::holds_alternative<needs_input>(second));
  // A stranger's resumption, or one with another tool, finds nothing.
  who.owner = "bob";
  EXPECT_EQ(refusal_in(call(what)), refusal::bad_resume);
  who.owner = "ann";
  what.answers.push_back({"color", raw_json::trusted(R"({"action":"decline"})")});
  EXPECT_EQ(text_in(call(what)), "declined");
  what.resume = "unknown";
  EXPECT_EQ(refusal_in(call(what)), refusal::bad_resume);
}

TEST_F(dispatcher_test, answers_in_advance_are_used_when_their_question_comes) {
  add_asking();
  start();
  auto what = request("paint");
  what.ask = asking::by_reply;
  what.modes.add(client_capability::elicitation_form);
  what.answers.push_back({"other", raw_json::trusted(R"({"action":"decline"})")});
  what.answers.push_back({"color", raw_json::trusted(R"({"action":"accept","content":{}})")});
  EXPECT_EQ(text_in(call(what)), "accepted");
}

// Nobody could find the work again, and it counted against its owner until its question expired.
TEST_F(dispatcher_test, work_whose_answers_in_advance_cannot_be_kept_ends) {
  engine_options.limits.max_open_bytes_per_owner = 4096;
  add_asking();
  start();
  auto what = request("paint");
  what.ask = asking::by_reply;
  what.modes.add(client_capability::elicitation_form);
  what.answers.push_back({"color", raw_json::trusted(R"({"action":"accept","content":{"color":")" +
                                                     std::string(10'000, 'x') + "\"}}")});
  EXPECT_EQ(refusal_in(call(what)), refusal::busy);
  EXPECT_EQ(tasks::sync(engine_options.store->stats()).input_required, 0U);
}

TEST_F(dispatcher_test, who_leaves_takes_the_hidden_work_along) {
  add({.name = "along"}, [this](task_context& task) { door.pass(task.stop_token()); });
  start();
  const auto by = open();
  const auto reply = begin(request("along"), by);
  context.restart();
  context.poll();
  door.await_arrivals(1);
  by->abandon();
  context.restart();
  context.run();
  EXPECT_EQ(refusal_in(**reply), refusal::abandoned);
  const auto stats = tasks::sync(engine->store().stats());
  EXPECT_EQ(stats.cancelled, 1u);
  EXPECT_EQ(stats.working, 0u);
}

// The row that a question makes of a call follows its caller as well, who is not another one.
TEST_F(dispatcher_test, who_leaves_a_question_takes_the_work_along) {
  add_asking(task_policy::never);
  start();
  const auto by = open();
  to.on_question = [&](const std::string&, const std::string&) { by->abandon(); };
  auto what = request("paint");
  what.ask = asking::on_stream;
  what.modes.add(client_capability::elicitation_form);
  const auto reply = begin(what, by);
  context.run();
  EXPECT_EQ(refusal_in(**reply), refusal::abandoned);
  engine->drain(std::chrono::hours(1), std::chrono::hours(1));
  EXPECT_EQ(engine->running(), 0u) << "its handler waits for nobody";
}

// A task of the id that a plain call made before could not be read, and was purged at once.
TEST_F(dispatcher_test, a_task_found_by_its_key_is_handed_out_even_if_a_plain_call_made_it) {
  add({.name = "work"}, [this](task_context&) { door.pass(); });
  start();
  auto what = request("work");
  what.idempotency_key = "the-key";
  const auto by = open();
  const auto plain = begin(what, by);
  context.poll();
  what.mode = call_mode::as_task;
  what.retention_given = true;
  what.retention = 1h;
  const auto reply = tasks::sync(
      server->call(who, what, std::make_shared<exchange>(boost::asio::system_executor()), to));
  const auto* made = std::get_if<created_task>(&reply);
  ASSERT_TRUE(made);
  const auto task = tasks::sync(engine->get("ann", made->task->id()));
  ASSERT_TRUE(task) << "the id was handed out";
  EXPECT_EQ(task->retention, milliseconds(1h));
  by->abandon();  // whoever called plainly leaves: the task is somebody's now
  context.restart();
  context.run();
  EXPECT_EQ(tasks::sync(engine->get("ann", made->task->id()))->status, task_status::working);
}

// After the first change of state an open call woke ten times a second.
TEST_F(dispatcher_test, an_open_call_sleeps_while_nothing_happens) {
  add({.name = "work"}, [&](task_context& task) {
    task.progress(1, 2);
    door.pass();
  });
  start();
  const auto by = open();
  const auto reply = begin(request("work"), by);
  context.poll();
  door.await_arrivals(1);
  engine->tick();  // writes the report: a new state
  context.restart();
  context.poll();
  context.restart();
  EXPECT_EQ(context.run_for(350ms), 0u);
  door.open();
  context.restart();
  context.run();
  EXPECT_EQ(to.progressed, std::vector<double>{1});
  EXPECT_EQ(to.waits, 1);
}

TEST_F(dispatcher_test, result_waits_for_the_end_and_reports_states) {
  add({.name = "work"}, [this](task_context& task) {
    task.progress(1, 2);
    door.pass();
  });
  start();
  const auto created = call(request("work", call_mode::as_task));
  const std::string id = std::get<created_task>(created).task->id();
  std::optional<reply<task_view>> ended;
  auto waiting = server->result(who, id, open(), to);
  boost::asio::co_spawn(context, std::move(waiting),
                        [&](std::exception_ptr, reply<task_view> r) { ended = std::move(r); });
  context.restart();
  context.poll();
  EXPECT_FALSE(ended);
  door.open();
  context.run();
  EXPECT_EQ(std::get<task_view>(*ended).task->status, task_status::completed);
  const auto foreign = wait_for(server->result(
      {"bob", "bob", true}, id, std::make_shared<exchange>(boost::asio::system_executor()), to));
  EXPECT_EQ(std::get<refused>(foreign).why, refusal::unknown_task);
}

TEST_F(dispatcher_test, listen_tells_the_last_state_to_an_audience_that_refuses_at_first) {
  add({.name = "work"}, [this](task_context&) { door.pass(); });
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(std::get<created_task>(call(request("work", call_mode::as_task))).task->id());
  }
  const auto by = open();
  ids.push_back(ids.front());
  ids.push_back("unknown");
  const auto followed = wait_for(server->follow(who, ids, by));
  const auto& known = std::get<std::vector<task_view>>(followed);
  EXPECT_EQ(known.size(), 3u);
  to.refuse = 5;
  std::set<std::string> ended;
  to.on_change = [&](const task_ptr& task) {
    if (task->terminal()) ended.insert(task->id());
    if (ended.size() == 3) by->shut_down();
  };
  bool graceful = false;
  auto listening = server->listen(by, to);
  boost::asio::co_spawn(context, std::move(listening),
                        [&](std::exception_ptr, bool stops) { graceful = stops; });
  door.open();
  context.restart();
  context.run();
  EXPECT_TRUE(graceful);
  EXPECT_EQ(engine->followers(), 0u);
}

TEST_F(dispatcher_test, get_update_cancel_and_list_know_only_the_owners_tasks) {
  add({.name = "work"}, [this](task_context& task) { door.pass(task.stop_token()); });
  start();
  const auto id = std::get<created_task>(call(request("work", call_mode::as_task))).task->id();
  const caller bob{"bob", "bob", true};
  EXPECT_EQ(std::get<refused>(wait_for(server->get(bob, id))).why, refusal::unknown_task);
  EXPECT_EQ(std::get<refused>(wait_for(server->update(bob, id, {}))).why, refusal::unknown_task);
  EXPECT_EQ(std::get<refused>(wait_for(server->cancel(bob, id, ""))).why, refusal::unknown_task);
  EXPECT_TRUE(std::get<task_page>(wait_for(server->list(bob, ""))).tasks.empty());
  EXPECT_EQ(std::get<refused>(wait_for(server->list(who, "odd"))).why, refusal::bad_cursor);
  EXPECT_EQ(std::get<task_page>(wait_for(server->list(who, ""))).tasks.size(), 1u);
  EXPECT_TRUE(std::get<task_view>(wait_for(server->update(who, id, {}))).task);
  EXPECT_EQ(std::get<task_view>(wait_for(server->cancel(who, id, "enough"))).task->status,
            task_status::cancelled);
  const auto again = std::get<refused>(wait_for(server->cancel(who, id, "enough")));
  EXPECT_EQ(again.why, refusal::already_terminal);
}

TEST_F(dispatcher_test, tools_come_in_pages_in_their_order) {
  for (int i = 0; i < 250; ++i) add({.name = "tool-" + std::to_string(i)}, [] {});
  start();
  const auto list_tools = [&](std::optional<std::string_view> from) {
    return page_of(tools->tools(), who, from, false, "tools/list");
  };
  std::vector<std::string> names;
  std::optional<std::string> cursor;
  do {
    const auto listed =
        list_tools(cursor ? std::optional<std::string_view>(*cursor) : std::nullopt);
    const auto& page = std::get<feature_page<tool_entry>>(listed);
    for (const auto& tool : page.entries) names.push_back(tool->name());
    cursor = page.next_cursor;
  } while (cursor);
  ASSERT_EQ(names.size(), 250u);
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], "tool-" + std::to_string(i));
  for (const char* bad :
       {"", "0", "x", "101", "150", "249", "250", "-1", "1x", "99999999999999999999999"}) {
    EXPECT_TRUE(std::holds_alternative<refused>(list_tools(bad))) << bad;
  }
}

}  // namespace
}  // namespace longhaul::test
