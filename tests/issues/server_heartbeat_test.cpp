// SPDX-License-Identifier: Apache-2.0
// Heartbeats and coalescing where they live: in the one loop that every open request waits in.
#include "server/dispatcher_fixture.hpp"

namespace longhaul::test {
namespace {

class heartbeat : public dispatcher_fixture {
 protected:
  // Runs until the audience heard `count` notifications of progress in all.
  void run_until_heard(std::size_t count) {
    context.restart();
    while (to.events.size() < count) context.run_one();
  }
  std::string last_message() { return to.events.back().message; }
};

TEST_F(heartbeat, a_silent_call_beats_while_it_runs_and_not_before_or_after) {
  add({.name = "work"}, [this](task_context&) { door.pass(); });
  start();
  const auto reply = begin(request("work"), open());
  context.poll();
  door.await_arrivals(1);
  EXPECT_TRUE(to.events.empty());
  advance(9'999ms);
  context.poll();
  EXPECT_TRUE(to.events.empty());
  advance(1ms);
  run_until_heard(1);
  EXPECT_EQ(to.progressed.back(), 10);
  EXPECT_EQ(last_message(), "running for 10 s");
  advance(70s);
  run_until_heard(2);
  EXPECT_EQ(last_message(), "running for 1 m 20 s");
  door.open();
  context.restart();
  context.run();
  EXPECT_TRUE(reply->has_value());
  EXPECT_EQ(to.events.size(), 2u);
}

TEST_F(heartbeat, a_task_that_waits_for_a_slot_says_so) {
  engine_options.max_running = 1;
  add({.name = "work"}, [this](task_context&) { door.pass(); });
  start();
  call(request("work", call_mode::as_task));
  door.await_arrivals(1);
  const auto reply = begin(request("work"), open());
  context.restart();
  context.poll();
  advance(10s);
  run_until_heard(1);
  EXPECT_EQ(last_message(), "waiting: 1 of 1 running");
  door.open();
  context.restart();
  context.run();
  EXPECT_TRUE(reply->has_value());
}

TEST_F(heartbeat, a_call_that_waits_for_an_answer_says_so) {
  add_asking();
  start();
  auto what = request("paint");
  what.ask = asking::on_stream;
  what.modes.add(client_capability::elicitation_form);
  const auto by = open();
  std::string id;
  to.on_question = [&](const std::string& task, const std::string&) { id = task; };
  const auto reply = begin(what, by);
  context.restart();
  while (id.empty()) context.run_one();
  advance(10s);
  run_until_heard(1);
  EXPECT_EQ(last_message(), "waiting for an answer");
  const std::vector<stores::response> given{
      {"color", raw_json::trusted(R"({"action":"decline"})")}};
  tasks::sync(engine->answer("ann", id, given));
  context.restart();
  context.run();
  EXPECT_EQ(text_in(**reply), "declined");
}

TEST_F(heartbeat, the_wait_of_task_status_and_of_result_beat_too) {
  tools->add_fallback_tools();
  add({.name = "work"}, [this](task_context&) { door.pass(); });
  start();
  const auto made = call(request("work", call_mode::as_task));
  const std::string id = std::get<created_task>(made).task->id();
  door.await_arrivals(1);
  auto what = request("task_status");
  what.arguments = raw_json::parse(R"({"task_id":")" + id + "\"}");
  const auto status = begin(what, open());
  std::optional<reply<task_view>> ended;
  recorder other;
  auto waiting = server->result(who, id, open(), other);
  boost::asio::co_spawn(context, std::move(waiting),
                        [&](std::exception_ptr, reply<task_view> r) { ended = std::move(r); });
  context.restart();
  context.poll();
  advance(10s);
  context.restart();
  while (to.events.empty() || other.events.empty()) context.run_one();
  EXPECT_EQ(last_message(), "running for 10 s");
  EXPECT_EQ(other.events.back().message, "running for 10 s");
  door.open();
  context.restart();
  context.run();
  EXPECT_TRUE(ended && status->has_value());
}

// `notifications/tasks` and `notifications/tasks/status` of a chatty program.
TEST_F(heartbeat, states_are_told_five_times_a_second_and_the_last_always) {
  std::atomic<int> step{0};
  add({.name = "work"}, [&](task_context& task) {
    for (int i = 1; i <= 40; ++i) {
      task.progress(i, 40);
      while (step.load() < i) std::this_thread::yield();
    }
  });
  start();
  const auto made = call(request("work", call_mode::as_task));
  const std::string id = std::get<created_task>(made).task->id();
  const auto by = open();
  recorder hears;
  const std::vector<std::string> ids{id};
  wait_for(server->follow(who, ids, by));
  bool done = false;
  hears.on_change = [&](const task_ptr& task) {
    if (task->terminal()) by->shut_down();
  };
  auto listening = server->listen(by, hears);
  boost::asio::co_spawn(context, std::move(listening),
                        [&](std::exception_ptr, bool) { done = true; });
  for (int i = 1; i <= 40; ++i) {  // ten states a second for four seconds
    while (!stored(id)->terminal() && (!stored(id)->progress || stored(id)->progress->done < i)) {
      engine->tick();
    }
    context.restart();
    context.poll();
    step = i;
    advance(100ms);
    context.restart();
    context.poll();
  }
  context.restart();
  context.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(hears.changes.back()->status, task_status::completed);
  EXPECT_LE(hears.changes.size(), 25u);
  EXPECT_GE(hears.changes.size(), 15u);
}

}  // namespace
}  // namespace longhaul::test
